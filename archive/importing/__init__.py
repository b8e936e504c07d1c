"""The import of old episodes from files and a sheet; it has no pipeline of its own behind the part that it lays down."""
