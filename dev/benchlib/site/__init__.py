"""Sites: their configuration, their making, and the apps on them."""
