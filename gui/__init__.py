"""Everything that paints. Imports engine; engine never imports this."""
