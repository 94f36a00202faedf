# Prints the help of a Makefile: `##@ Section` lines and `target: … ## text` lines.
/^##@ / { printf "%s%s\n", (seen++ ? "\n" : "kgl: make TARGET [competition=SLUG] …\n\n"), substr($0, 5); next }
/^[a-z0-9-]+:.*## / {
  target = $0; sub(/:.*/, "", target)
  text = $0; sub(/.*## /, "", text)
  printf "  %-20s %s\n", target, text
}
END { print "\nFirst: make e2e-smoke" }
