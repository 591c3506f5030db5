"""Array frameworks that speak the array API, each imported when a target asks for it by name."""
