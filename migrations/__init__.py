"""How does the schema of one release become that of the next?"""
