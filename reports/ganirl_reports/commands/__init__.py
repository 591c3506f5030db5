"""One module a command; each imports the floors that it needs when it runs."""
