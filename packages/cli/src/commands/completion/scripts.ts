/**
 * What shells load: each script asks `apikey complete -- WORDS` what may follow, and offers that. None needs anything
 * but the shell, none evaluates what was typed, and each may be loaded again.
 */

const BASH = String.raw`# bash completion for apikey
__apikey_complete() {
  local word value rest lead= join= paths= IFS=$' \t\n'
  local -a words=()
  local -i i
  # Bash takes a word apart at = and :, which are part of it here.
  for ((i = 1; i <= COMP_CWORD; i++)); do
    word=${'$'}{COMP_WORDS[i]}
    if [[ ${'$'}{#words[@]} -gt 0 && ( -n $join || $word == [=:]* ) ]]; then
      words[${'$'}{#words[@]}-1]+=$word
    else
      words+=("$word")
    fi
    if [[ $word == *[=:] ]]; then join=1; else join=; fi
  done
  word=${'$'}{words[${'$'}{#words[@]}-1]}
  word=${'$'}{word#[\"\']}
  words[${'$'}{#words[@]}-1]=$word
  # Only what is behind the last of them is replaced.
  if [[ $COMP_WORDBREAKS == *=* && $word == *=* ]]; then lead=${'$'}{word%"${'$'}{word##*=}"}; fi
  if [[ $COMP_WORDBREAKS == *:* && ${'$'}{word#"$lead"} == *:* ]]; then lead=${'$'}{word%"${'$'}{word##*:}"}; fi
  COMPREPLY=()
  while IFS=$'\t' read -r value rest; do
    case $value in
      :files | :directories) paths=$value ;;
      *) COMPREPLY+=("${'$'}{value#"$lead"}") ;;
    esac
  done < <(apikey complete -- "${'$'}{words[@]}" 2>/dev/null)
  # Files are completed by bash itself, which knows about ~ and quotes.
  case $paths in
    :files) compopt -o default 2>/dev/null ;;
    :directories) compopt +o default -o dirnames 2>/dev/null ;;
    *) compopt +o default 2>/dev/null ;;
  esac
  return 0
}
complete -o default -F __apikey_complete apikey
`;

const ZSH = String.raw`#compdef apikey
# zsh completion for apikey
_apikey() {
  local line paths
  local -a args values
  args=("${'$'}{(@Q)words[2,CURRENT]}")
  for line in "${'$'}{(@f)$(apikey complete -- "${'$'}{(@)args}" 2>/dev/null)}"; do
    case $line in
      '') ;;
      :files | :directories) paths=$line ;;
      *$'\t'*) values+=("${'$'}{${'$'}{line%%$'\t'*}//:/\\:}:${'$'}{line#*$'\t'}") ;;
      *) values+=("${'$'}{line//:/\\:}") ;;
    esac
  done
  case $paths in
    :files) compset -P '--*='; _files && return ;;
    :directories) compset -P '--*='; _files -/ && return ;;
  esac
  (( $#values )) && _describe -V apikey values
}
if [[ $funcstack[1] == _apikey ]]; then
  _apikey "$@"
else
  if (( ! $+functions[compdef] )); then
    autoload -Uz compinit && compinit -i -D
  fi
  compdef _apikey apikey
fi
`;

const FISH = String.raw`# fish completion for apikey
function __apikey_complete
    set -l current (commandline -ct)
    set -l words (commandline -opc) "$current"
    set -e words[1]
    set -l lead (string match -r -- '^--[\w-]+=' "$current")
    for line in (apikey complete -- $words 2>/dev/null)
        switch $line
            case :files
                for path in (__fish_complete_path (string replace -- "$lead" '' "$current"))
                    echo "$lead$path"
                end
            case :directories
                for path in (__fish_complete_directories (string replace -- "$lead" '' "$current") '')
                    echo "$lead$path"
                end
            case '*'
                echo $line
        end
    end
end
complete -c apikey -e
complete -c apikey -f -a '(__apikey_complete)'
`;

const POWERSHELL = String.raw`# PowerShell completion for apikey
Register-ArgumentCompleter -Native -CommandName apikey -ScriptBlock {
    param($wordToComplete, $commandAst, $cursorPosition)
    $words = @($commandAst.CommandElements | Select-Object -Skip 1 |
        Where-Object { $_.Extent.EndOffset -lt $cursorPosition } | ForEach-Object { $_.Extent.Text })
    apikey complete -- @words "$wordToComplete" 2>$null | ForEach-Object {
        $value, $help = $_ -split [char]9, 2
        if ($value -notlike ':*') {
            if (-not $help) { $help = $value }
            [System.Management.Automation.CompletionResult]::new($value, $value, 'ParameterValue', $help)
        }
    }
}
`;

export const SCRIPTS: ReadonlyMap<string, string> = new Map([
  ['bash', BASH],
  ['zsh', ZSH],
  ['fish', FISH],
  ['powershell', POWERSHELL],
]);
