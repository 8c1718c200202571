"""The desk's tables, a module for each subject; one function is one statement or one transaction."""
