# The configurations of docs/operating/proxy.md, each as a file: `## nginx` and a block of it are nginx.conf.
BEGIN {
  suffix["nginx"] = ".conf"
  suffix["caddyfile"] = ".Caddyfile"
  suffix["haproxy"] = ".cfg"
  suffix["apache"] = ".conf"
  suffix["lua"] = "-authz.lua"
}
/^## / { proxy = tolower($2) }
/^```[a-z]/ {
  language = substr($0, 4)
  if (language in suffix) file = folder "/" proxy suffix[language]
  next
}
/^```$/ {
  if (file) close(file)
  file = ""
  next
}
file { print > file }
