"""What does the service read? Asynchronous, named queries; nothing here decides anything."""
