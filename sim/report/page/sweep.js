function show_sweep() {}
