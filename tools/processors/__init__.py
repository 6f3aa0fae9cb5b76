"""Run what depends on rounding as other processors would, and measure how safe the bounds are."""
