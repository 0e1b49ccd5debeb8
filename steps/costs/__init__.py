"""What it costs: dated prices, money and quantities that do not mix, bills, and unit costs. Pure."""
