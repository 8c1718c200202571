"""What a replay is made of: where the system is, how contacts are sent, when it is at rest, who is killed."""
