"""How the router's text model is made: texts read, features counted, weights fitted, decisions measured."""
