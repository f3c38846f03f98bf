"""What becomes of a dataset whose new data have another schema: told apart, applied, or proposed to a person."""
