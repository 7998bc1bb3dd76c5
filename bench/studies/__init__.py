"""Studies ``hku`` and ``policy``: the real matcher on published and recorded demand, on a virtual clock."""
