if (kData.sweep) show_sweep(); else show_runs();
