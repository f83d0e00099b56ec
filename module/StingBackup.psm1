#Requires -Version 7.6
Set-StrictMode -Version 3

# Only StingBackup.dll, which holds the types that a user sees, enters the session's own load context.
# It makes the context in which everything in lib/ lives, so that no library of ours meets another module's.
try {
    $null = [System.Reflection.Assembly]::LoadFrom([System.IO.Path]::Combine($PSScriptRoot, 'StingBackup.dll'))
}
catch [System.IO.FileLoadException] {
    throw "Another version of StingBackup is loaded in this session, and .NET cannot unload it. Start a new session to use the one in '$PSScriptRoot'."
}
$stingCmdlets = [StingBackup.LoadContext.ModuleLoadContext]::Load([System.IO.Path]::Combine($PSScriptRoot, 'lib', 'StingBackup.Cmdlets.dll'))
$stingNested = Import-Module -Assembly $stingCmdlets -PassThru

# Runbooks, and the engine that runs them.
foreach ($stingScript in 'StingRunbook', 'StingRunbookSteps', 'StingRunbookRansomware', 'StingRunbookCorruption', 'Restore-StingInstallation', 'Invoke-StingDisasterRecovery', 'Invoke-StingDrTest', 'Invoke-StingRetentionCleanup', 'Invoke-StingKeyCeremony') {
    . ([System.IO.Path]::Combine($PSScriptRoot, "$stingScript.ps1"))
}

# What runbooks are made of stays inside, also where this file is imported without its manifest.
Export-ModuleMember -Cmdlet * -Function 'Invoke-StingDisasterRecovery', 'Invoke-StingDrTest', 'Invoke-StingKeyCeremony', 'Invoke-StingRetentionCleanup', 'Restore-StingInstallation'

# An assembly's module outlives the module that nests it, and the next Import-Module -Force then finds it cached and
# exports nothing (PowerShell issue 20710). Removing it along with this one makes every import the first.
$ExecutionContext.SessionState.Module.OnRemove = { Remove-Module -ModuleInfo $stingNested }
