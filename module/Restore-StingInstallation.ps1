# From an empty machine, the shares of the escrow and a tier of the repository to an installation that works. docs/recovery.md, bare start.

<#
.EXTERNALHELP StingBackup.Cmdlets.dll-Help.xml
#>
function Restore-StingInstallation {
    [CmdletBinding(SupportsShouldProcess, ConfirmImpact = 'High', PositionalBinding = $false)]
    [OutputType([StingBackup.RunbookReport], [StingBackup.RunbookPlan])]
    param(
        [Parameter(Mandatory, Position = 0, HelpMessage = 'A tier of the repository: its bucket as s3://bucket/prefix, or its folder')]
        [ValidateNotNullOrEmpty()]
        [string] $Location,

        [Parameter(Mandatory, Position = 1, HelpMessage = 'Text files with shares of the escrow, or folders that hold them')]
        [ValidateNotNullOrEmpty()]
        [string[]] $Path,

        [Parameter(HelpMessage = 'Whose configuration, by the host''s name; without it that of the host which made the repository')]
        [ValidateNotNullOrEmpty()]
        [string] $HostName,

        [Parameter(HelpMessage = 'Settings that are another here, each as key=value: remote.endpoint=https://s3.example.org')]
        [ValidateNotNullOrEmpty()]
        [string[]] $Setting,

        [Parameter(HelpMessage = 'What is to protect the new key file; without it Vault where one is configured for keys, else a passphrase')]
        [ValidateSet('Passphrase', 'KeyVault', 'Open')]
        [string] $Protection,

        [Parameter(HelpMessage = 'The new passphrase of the key file; without it you are asked where one is needed')]
        [securestring] $Passphrase,

        [Parameter(HelpMessage = 'A folder to restore into; without it the original places, and backups go on')]
        [ValidateNotNullOrEmpty()]
        [string] $Destination,

        [Parameter(HelpMessage = 'The lost host, by its name or writer id: it is revoked at the end, which needs an approval')]
        [ValidateNotNullOrEmpty()]
        [string] $LostHost,

        [Parameter(HelpMessage = 'The configuration file that is written; without it the usual place')]
        [ValidateNotNullOrEmpty()]
        [string] $ConfigPath,

        [Parameter(HelpMessage = 'The folder for the journal of this command; without it the usual place for what a host must remember')]
        [ValidateNotNullOrEmpty()]
        [string] $StatePath,

        [Parameter(HelpMessage = 'Go on with the run that was stopped or waits')]
        [switch] $Resume,

        [Parameter(HelpMessage = 'A name for the run, by which a retry goes on with it, or gets its report where it is over')]
        [ValidatePattern('^[A-Za-z0-9_.-]{1,64}$')]
        [string] $RunId,

        [Parameter(HelpMessage = 'Numbers of steps that wait for a person: what they ask is so')]
        [int[]] $Acknowledge
    )
    Set-StrictMode -Version 3
    try {
        $c = @{ Config = @{}; Key = @{}; Setting = @{}; Facts = @{}; Journal = $null; Begun = $null; Given = @{}; File = '' }
        if ($Passphrase) { $c.Passphrase = $Passphrase }
        $c.Given.Location = if (Test-StingBucket $Location) { $Location } else { $PSCmdlet.GetUnresolvedProviderPathFromPSPath($Location) }
        $c.Given.Path = [string[]] @(foreach ($one in $Path) { $PSCmdlet.GetUnresolvedProviderPathFromPSPath($one) })
        $c.Given.Import = @{ Location = $c.Given.Location; Path = $c.Given.Path }
        if ($ConfigPath) { $c.Given.Import.ConfigPath = $PSCmdlet.GetUnresolvedProviderPathFromPSPath($ConfigPath) }
        if ($HostName) { $c.Given.Import.HostName = $HostName }
        if ($Setting) { $c.Given.Import.Setting = $Setting }
        foreach ($name in 'Protection', 'LostHost') { if ($PSBoundParameters.ContainsKey($name)) { $c.Given[$name] = $PSBoundParameters[$name] } }
        if ($Destination) { $c.Given.Destination = $PSCmdlet.GetUnresolvedProviderPathFromPSPath($Destination) }

        $book = New-StingRunbook -Runbook 'BareStart' -Title "Bare start from $Location" -Target ([timespan]::FromHours(24)) -Context $c -Bound $PSBoundParameters -Checks {
            param($c)
            $check = Test-StingKeyEscrow $c.Given.Path -SharesOnly
            New-StingRunbookCheck 'The shares are enough' (@($check.Given).Count -ge $check.Threshold) "$(@($check.Given).Count) of $($check.Threshold) that are needed, of escrow $($check.EscrowId)"
        } -Begin {
            param($c)
            # Where an earlier process brought the configuration back, the steps work by it.
            if ($c.Facts['File']) { Switch-StingConfig $c $c.Facts['File'] }
        } -Steps @(
            New-StingRunbookStep 'Bring the configuration back' 'sting-backup config-import --location=… --path=SHARES' -Do {
                param($c)
                $import = $c.Given.Import
                try {
                    $result = Import-StingBackupConfig @import -Confirm:$false
                    Set-StingRunbookFact $c 'File' $result.ConfigurationFile
                    "$($result.ConfigurationFile): that of $($result.Chosen)"
                    foreach ($file in $result.MissingFiles) { Add-StingRunbookNext $c ("Put back $file, which holds a secret and so is in no backup of the configuration.") }
                }
                catch {
                    $own = Find-StingCause $_.Exception
                    if (-not $own -or $own.ErrorId -ne 'ConfigurationExists') { throw }
                    # Written by a process that was stopped right after; or one that stands there, if it is of this reserve.
                    $plan = Test-StingKeyEscrow $c.Given.Path -SharesOnly
                    $there = Get-StingBackupConfig 'repository.reserve_id' -ConfigPath $own.Target -WarningAction SilentlyContinue
                    if ($there.Value -ne $plan.ReserveId) { throw }
                    Set-StingRunbookFact $c 'File' $own.Target
                    "$($own.Target) is there"
                }
                Switch-StingConfig $c $c.Facts['File']
            }
            New-StingRunbookStep 'Look for the key store and an epoch place' 'mount or copy what the other site kept' -Do {
                param($c)
                $stores = @(foreach ($place in @($c.Setting['keys.replicas']) + [System.IO.Path]::Combine($c.Setting['keys.directory'], 'store')) { if ($place -and (Test-StingFolderUsed $place)) { $place } })
                $epochs = @(foreach ($place in @($c.Setting['keys.epoch_places']) + [System.IO.Path]::Combine($c.Setting['keys.directory'], 'epoch')) { if ($place -and (Test-StingFolderUsed $place)) { $place } })
                if ($stores.Count -eq 0 -or $epochs.Count -eq 0) {
                    $lacking = @(if ($stores.Count -eq 0) { 'no copy of the key store' }) + @(if ($epochs.Count -eq 0) { 'no epoch secret' })
                    throw [StingBackup.Runbooks.RunbookErrors]::Lacks('Look for the key store and an epoch place', "there is $([string]::Join(' and ', $lacking)). Shares bring back neither: that is how an erasure stays one.",
                        "Mount or copy what the other site kept to one of: $([string]::Join(', ', @($c.Setting['keys.replicas']) + @($c.Setting['keys.epoch_places']))). Where it lies elsewhere now, correct keys.replicas and keys.epoch_places in $($c.Facts['File']).")
                }
                "$($stores[0]); $($epochs[0])"
            }
            New-StingRunbookStep 'Bring the keys back' 'sting-backup escrow-import --path=SHARES' -Done {
                param($c)
                if ([System.IO.File]::Exists([System.IO.Path]::Combine($c.Setting['keys.directory'], 'reserve.pub'))) { "they are in $($c.Setting['keys.directory'])" }
            } -Do {
                param($c)
                $key = $c.Key
                $how = if ($c.Given['Protection']) { @{ Protection = $c.Given['Protection'] } } else { @{} }
                # Places of the lost site are still missing: they are told again where they matter, by the last step.
                $result = Import-StingKeyEscrow $c.Given.Path @key @how -Confirm:$false -WarningAction SilentlyContinue
                if ($null -eq $result.Records) { throw [StingBackup.Runbooks.RunbookErrors]::Lacks('Bring the keys back', "the keys are back, and the key store does not open: $([string]::Join(' ', @($result.Warnings)))", 'Put back a whole copy of the key store and the current epoch secret, then Repair-StingRepository.') }
                "$($result.Records) keys; $(@($result.Refilled).Count) places refilled"
            }
            New-StingStepLocalTier
            New-StingRunbookStep 'Read the catalogue' 'sting-backup list' -Do {
                param($c)
                $newest = Get-StingNewestPoint $c
                if ($null -eq $newest) { throw [StingBackup.Runbooks.RunbookErrors]::Lacks('Read the catalogue', 'there is no restore point.', 'Look on another tier.') }
                "the newest restore point is $($newest.BackupId) of $([StingBackup.Display]::Time($newest.Time))"
            }
            New-StingStepRestore
            New-StingStepEnrol
            New-StingRunbookStep 'The first backup of this host' 'sting-backup incremental' -Skip {
                param($c)
                if ($c.Given['Destination']) { 'the reserve is in a folder of its own, not in its place' }
            } -Done { param($c) Find-StingOwnPoint $c } -Do {
                param($c)
                $config = $c.Config
                $result = Invoke-StingBackup @config -Confirm:$false
                $result.BackupId
                if ($result.State -ne 'Completed') { New-StingProblem "$($result.Errors) items could not be read: sting-backup log names them" }
            }
            New-StingStepRevokeHost
            New-StingStepVerify
        ) -Next {
            param($c)
            "The configuration is $($c.Facts['File'])."
            'Legal holds, and erasures that waited, lay in the lost key directory alone: repeat those on your list.'
            'Register the schedules: Register-StingBackupSchedule; start the capture where there is one.'
            if (-not $c.Given['LostHost']) { 'Revoke the lost host: Unregister-StingHost NAME-OR-WRITER-ID, with an approval.' }
            'The shares were brought together: Invoke-StingKeyCeremony renews the key that wraps all others and makes a new escrow.'
        }
        $book.StatePath = if ($StatePath) { $PSCmdlet.GetUnresolvedProviderPathFromPSPath($StatePath) } else { Get-StingStatePath }
        Invoke-StingRunbook $PSCmdlet $book
    }
    catch { Stop-StingRunbook $PSCmdlet $_ }
}

# Where a host without a configuration remembers what it must: that of the system, of the user, or, where there is neither, a temporary folder.
function Get-StingStatePath {
    $home_ = [System.Environment]::GetEnvironmentVariable('HOME')
    $state = [System.Environment]::GetEnvironmentVariable('XDG_STATE_HOME')
    if ($IsWindows) { [System.IO.Path]::Combine([System.Environment]::GetFolderPath('CommonApplicationData'), 'StingBackup') }
    elseif ([System.Environment]::UserName -eq 'root') { '/var/lib/sting-backup' }
    elseif ($state) { [System.IO.Path]::Combine($state, 'sting-backup') }
    elseif ($home_) { [System.IO.Path]::Combine($home_, '.local', 'state', 'sting-backup') }
    else { [System.IO.Path]::Combine([System.IO.Path]::GetTempPath(), 'sting-backup') }
}
