# The quarter's renewal of keys, with a new escrow at its end. Approvers are waited for.

<#
.EXTERNALHELP StingBackup.Cmdlets.dll-Help.xml
#>
function Invoke-StingKeyCeremony {
    [CmdletBinding(SupportsShouldProcess, ConfirmImpact = 'High', PositionalBinding = $false)]
    [OutputType([StingBackup.RunbookReport], [StingBackup.RunbookPlan])]
    param(
        [Parameter(HelpMessage = 'A new folder for the shares of the new escrow; without it no escrow is made')]
        [ValidateNotNullOrEmpty()]
        [string] $OutputPath,

        [Parameter(HelpMessage = 'How many shares')]
        [ValidateRange(2, 20)]
        [int] $Share = 5,

        [Parameter(HelpMessage = 'How many of them open the keys')]
        [ValidateRange(2, 20)]
        [int] $Threshold = 3,

        [Parameter(HelpMessage = 'Renew the key role''s signing key too')]
        [switch] $IncludeSigning,

        [Parameter(HelpMessage = 'Renew only keys that are keys.rotate_days old')]
        [switch] $Due,

        [Parameter(HelpMessage = 'The passphrase of the key file; without it you are asked where one is needed')]
        [securestring] $Passphrase,

        [Parameter(HelpMessage = 'The configuration file; without it STING_BACKUP_CONFIG, then the usual places')]
        [ValidateNotNullOrEmpty()]
        [string] $ConfigPath,

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
        $c = New-StingRunbookContext $ConfigPath $Passphrase
        $c.Given.Due = [bool] $Due
        $c.Given.Signing = [bool] $IncludeSigning
        $c.Given.Share = $Share
        $c.Given.Threshold = $Threshold
        if ($OutputPath) { $c.Given.OutputPath = $PSCmdlet.GetUnresolvedProviderPathFromPSPath($OutputPath) }
        $book = New-StingRunbook -Runbook 'KeyCeremony' -Title 'Key ceremony: renew the keys, make a new escrow' -Context $c -Bound $PSBoundParameters -Checks {
            param($c)
            New-StingCheckOfKeys $c
            $config = $c.Config
            $approvers = @(foreach ($approver in Get-StingApprover -State Enrolled @config -WarningAction SilentlyContinue) { $approver.Name })
            New-StingRunbookCheck 'Somebody can approve' ($approvers.Count -gt 0) $(if ($approvers.Count -gt 0) { [string]::Join(', ', $approvers) } else { 'No approver is enrolled: New-StingApprover on his machine, Register-StingApprover here.' })
        } -Steps @(
            New-StingStepRenew 'Epoch' 'A new secret of the epoch'
            New-StingStepRenew 'Subject' 'New keys of people and jars'
            New-StingStepRenew 'Writer' 'A new signing key of this host'
            New-StingStepRenew 'KeyEncryptionKey' 'A new key that wraps all others'
            New-StingStepRenew 'Signing' 'A new signing key of the key role' -Skip {
                param($c)
                if (-not $c.Given.Signing) { 'not asked for (-IncludeSigning)' }
            }
            New-StingRunbookStep 'Make the escrow' 'sting-backup escrow --output-path=FOLDER' -Skip {
                param($c)
                if (-not $c.Given['OutputPath']) { 'no -OutputPath was named' }
            } -Done {
                param($c)
                # Shares that a stopped run has made, of the keys in force.
                if (Test-StingFolderUsed $c.Given.OutputPath) {
                    $config = $c.Config
                    $check = try { Test-StingKeyEscrow $c.Given.OutputPath @config } catch { $null }
                    if ($null -ne $check -and $check.State -eq 'Current') { "escrow $($check.EscrowId) is in $($c.Given.OutputPath)" }
                }
            } -Do {
                param($c)
                $key = $c.Key
                $result = Export-StingKeyEscrow $c.Given.OutputPath -Share $c.Given.Share -Threshold $c.Given.Threshold @key -Confirm:$false
                "escrow $($result.EscrowId): $($result.Threshold) of $($result.Shares) shares"
            }
            New-StingRunbookStep 'Prove that the shares bring the keys back' 'sting-backup escrow-test --path=FOLDER' -Skip {
                param($c)
                if (-not $c.Given['OutputPath']) { 'there is no new escrow' }
            } -Do {
                param($c)
                $config = $c.Config
                $check = Test-StingKeyEscrow $c.Given.OutputPath @config
                if (-not $check.IsRecoverable) { throw [StingBackup.Runbooks.RunbookErrors]::Damaged('Prove the escrow', "its shares do not bring the keys back: $([string]::Join(' ', @($check.Problems)))") }
                "$($check.RecordsOpened) of $($check.Records) keys open"
            }
            New-StingRunbookStep 'Hand out the shares' 'one to each holder' -Skip {
                param($c)
                if (-not $c.Given['OutputPath']) { 'there is no new escrow' }
            } -Gate 'Has each holder his share, has each tried it (Test-StingKeyEscrow -SharesOnly), is the folder deleted, and are the shares of before destroyed?'
            New-StingStepVerify
        ) -Next {
            param($c)
            if (-not $c.Given['OutputPath']) { 'After a new key that wraps all others the escrow of before opens nothing: make one with Export-StingKeyEscrow.' }
            'Copy the key directory to its other site again.'
        }
        Invoke-StingRunbook $PSCmdlet $book
    }
    catch { Stop-StingRunbook $PSCmdlet $_ }
}

# Keys of a kind, renewed once a ceremony: the audit chain tells whether they were.
function New-StingStepRenew([string] $Kind, [string] $Name, [scriptblock] $Skip) {
    $step = New-StingRunbookStep $Name "sting-backup rotate-key --kind=$Kind" -Skip $Skip -Done {
        param($c, $step)
        if (Test-StingKeyRenewed $c $step.Kind) { 'renewed in this ceremony already' }
    } -Do {
        param($c, $step)
        Update-StingKeyOfCeremony $c $step.Kind
    }
    $step.Kind = $Kind
    $step
}

function Update-StingKeyOfCeremony([hashtable] $c, [string] $Kind) {
    $key = $c.Key
    # No schedule renews the key role's signing key or the KEK by age alone here: who asks for the ceremony means it.
    $how = if ($c.Given.Due -and $Kind -ne 'Signing') { @{ Due = $true } } else { @{} }
    $result = Update-StingKey $Kind @key @how -Confirm:$false
    if ($null -eq $result) { return 'not due' }
    "$($result.State)"
    if ($result.State -ne 'Completed') { New-StingProblem 'a place was away: run it again when it is back' }
}
