// relay/main.cc: the entry point; builds the parts and wires them together.
int main() { return 2; }
