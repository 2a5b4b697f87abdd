#include "sim/cli/command.h"

int main(int argc, char** argv) { return qsim::cli::run_command_line(argc, argv); }
