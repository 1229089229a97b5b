"""Through which doors do people and programs come in: HTTP, command line, background work?"""
