# Completion of sting-backup and sting-restore in PowerShell: put a line that dot-sources this file into your profile. (The module's commands complete by themselves.)
Register-ArgumentCompleter -Native -CommandName sting-backup, sting-restore -ScriptBlock {
    param($wordToComplete, $commandAst, $cursorPosition)
    $program, [string[]] $typed = foreach ($element in $commandAst.CommandElements) {
        if ($element.Extent.StartOffset -lt $cursorPosition) { $element.Extent.Text.Trim("'", '"') }
    }
    if (-not $wordToComplete) { $typed += '' }
    foreach ($line in & $program complete @typed) {
        $value, $meaning = $line.Split("`t", 2)
        $text = if ($value -match "[\s'```$;,(){}]") { "'" + $value.Replace("'", "''") + "'" } else { $value }
        [System.Management.Automation.CompletionResult]::new($text, $value, 'ParameterValue', ($meaning ? $meaning : $value))
    }
}
