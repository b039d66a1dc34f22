"""Pages as a visitor gets them."""
