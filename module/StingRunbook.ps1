# The engine of runbooks. Private to the module: runbooks themselves are the files whose names are commands.
#
# A runbook is a list of steps. Each step says what it does, the command that a person would type for it, how to see that it is done already, and what to do. All of them are safe to do twice.
# A journal on the disk knows which steps are done; a run that is stopped anywhere goes on with -Resume.
#
# Commands of Microsoft.PowerShell.Core and of this module alone: so it runs in a constrained endpoint, in the programs and in any host of the engine.

# A step.
#   -Done  { param($c) }  $true, or a text why, where nothing is left to do: asked before it is done, in a run that goes on too
#   -Skip  { param($c) }  a text why the step is not needed here; nothing where it is
#   Each gets the context and the step itself.
#   -Gate                 the text of a question that a person must answer with -Acknowledge
# What the step outputs is its detail in journal and report; New-StingProblem marks what needs a look.
function New-StingRunbookStep {
    param([string] $Name, [string] $Command, [scriptblock] $Do, [scriptblock] $Done, [scriptblock] $Skip, [string] $Gate)
    @{ Name = $Name; Command = $Command; Do = $Do; Done = $Done; Skip = $Skip; Gate = $Gate }
}

# A thing that must hold before a runbook begins; with -IsAdvice it is told and stops nothing.
function New-StingRunbookCheck {
    param([string] $Name, [bool] $Passed, [string] $Detail, [switch] $IsAdvice)
    [StingBackup.RunbookCheck] @{ Name = $Name; Passed = $Passed; IsAdvice = [bool] $IsAdvice; Detail = $Detail }
}

# Output of a step that is done, where something of it needs a look.
function New-StingProblem([string] $Text) {
    @{ Problem = $Text }
}

# What all steps of a run share: the settings, how commands are called, and facts that outlive the process.
function New-StingRunbookContext {
    param([string] $ConfigPath, [securestring] $Passphrase)
    $c = @{ Config = @{}; Key = @{}; Setting = @{}; Facts = @{}; Journal = $null; Begun = $null; Given = @{} }
    if ($ConfigPath) { $c.Config.ConfigPath = $ConfigPath }
    if ($Passphrase) { $c.Passphrase = $Passphrase }
    Set-StingRunbookConfig $c
    $c
}

# A runbook: what the public functions hand to the engine.
function New-StingRunbook {
    param(
        [string] $Runbook, [string] $Title, [System.Nullable[timespan]] $Target, [hashtable] $Context, [object[]] $Steps, [scriptblock] $Checks = {}, [scriptblock] $Begin, [scriptblock] $Next,
        [System.Collections.IDictionary] $Bound
    )
    @{
        Runbook = $Runbook; Title = $Title; Target = $Target; Context = $Context; Steps = $Steps; Checks = $Checks; Begin = $Begin; Next = $Next
        Identity = Get-StingRunbookIdentity $Bound; Resume = [bool] $Bound['Resume']; RunId = $Bound['RunId']; Acknowledge = [int[]] @($Bound['Acknowledge']); StatePath = $Bound['StatePath']
    }
}

# Reads the settings, and remembers how commands with and without a passphrase are called.
function Set-StingRunbookConfig([hashtable] $c) {
    $config = $c.Config
    foreach ($setting in Get-StingBackupConfig @config -WarningAction SilentlyContinue) {
        $c.Setting[$setting.Key] = $setting.Value
        if ($setting.Key -eq 'repository.backup_root') { $c.File = $setting.Source -replace ':\d+$' }
    }
    $c.Key = $config.Clone()
    if ($c.ContainsKey('Passphrase')) { $c.Key.Passphrase = $c.Passphrase }
}

# A value that later steps need, also in another process.
function Set-StingRunbookFact([hashtable] $c, [string] $Name, [string] $Value) {
    $c.Facts[$Name] = $Value
    $c.Journal.Append('fact', 0, "$Name=$Value", [System.TimeProvider]::System.GetUtcNow())
}

# Something that is left to people; it outlives the process, as facts do.
function Add-StingRunbookNext([hashtable] $c, [string] $Text) {
    $c.Journal.Append('next', 0, $Text, [System.TimeProvider]::System.GetUtcNow())
}

# The error record of an error of ours: stable id, true category, the remedy.
function ConvertTo-StingErrorRecord([StingBackup.StingException] $Exception) {
    $category = switch ($Exception.Kind) {
        'Refused' { 'SecurityError' }
        'NotFound' { 'ObjectNotFound' }
        'Busy' { 'ResourceBusy' }
        'InvalidArgument' { 'InvalidArgument' }
        'Integrity' { 'InvalidData' }
        'PermissionDenied' { 'PermissionDenied' }
        default { 'DeviceError' }
    }
    $record = [System.Management.Automation.ErrorRecord]::new($Exception, $Exception.ErrorId, $category, $Exception.Target)
    $record.ErrorDetails = [System.Management.Automation.ErrorDetails]::new($Exception.Message)
    $record.ErrorDetails.RecommendedAction = $Exception.Remedy
    $record
}

# Where journals lie: one file a run, named by it.
function Get-StingRunbookFolder([hashtable] $Book) {
    $state = $Book.StatePath
    if (-not $state) { $state = $Book.Context.Setting['state_directory'] }
    [System.IO.Path]::Combine($state, 'runbooks')
}

# Which run is meant: a new one, the one that is open, or the one that was named.
function Find-StingRunbookRun([hashtable] $Book) {
    $folder = Get-StingRunbookFolder $Book
    $open = $null
    if ([System.IO.Directory]::Exists($folder)) {
        $files = [System.IO.Directory]::GetFiles($folder, "$($Book.Runbook)-*.jsonl")
        [System.Array]::Sort($files, [System.StringComparer]::Ordinal)
        foreach ($file in $files) {
            $entries = [StingBackup.Runbooks.RunbookJournal]::Peek($file)
            # One without a line of its own was never begun.
            if ($null -ne $entries -and $entries.Count -gt 0 -and $entries[$entries.Count - 1].What -ne 'end') { $open = $file }
        }
    }
    if ($Book.RunId) {
        $path = [System.IO.Path]::Combine($folder, "$($Book.Runbook)-$($Book.RunId).jsonl")
        $entries = [StingBackup.Runbooks.RunbookJournal]::Peek($path)
        $isBegun = $null -ne $entries -and $entries.Count -gt 0
        return @{ Path = $path; IsNew = -not $isBegun; IsOver = $isBegun -and $entries[$entries.Count - 1].What -eq 'end' }
    }
    if ($open) {
        if (-not $Book.Resume) {
            $begun = [StingBackup.Runbooks.RunbookJournal]::Peek($open)[0]
            throw [StingBackup.Runbooks.RunbookErrors]::Open($Book.Runbook, [System.IO.Path]::GetFileNameWithoutExtension($open).Substring($Book.Runbook.Length + 1), $begun.Time)
        }
        return @{ Path = $open; IsNew = $false; IsOver = $false }
    }
    if ($Book.Resume) { throw [StingBackup.Runbooks.RunbookErrors]::NothingToResume($Book.Runbook) }
    $id = [System.TimeProvider]::System.GetUtcNow().ToString('yyyyMMdd-HHmmss-fff', [cultureinfo]::InvariantCulture)
    @{ Path = [System.IO.Path]::Combine($folder, "$($Book.Runbook)-$id.jsonl"); IsNew = $true; IsOver = $false }
}

# The steps as they stand, by the journal.
function Get-StingRunbookStepList([hashtable] $Book, [StingBackup.Runbooks.RunbookEntry[]] $Entries) {
    $number = 0
    foreach ($step in $Book.Steps) {
        $number++
        $state = [StingBackup.RunbookStepState]::Planned
        $detail = ''
        $started = $ended = $null
        foreach ($entry in $Entries) {
            if ($entry.Step -ne $number) { continue }
            $detail = $entry.Detail
            switch ($entry.What) {
                'step' { $state = 'Interrupted'; $started = $entry.Time; $ended = $null; $detail = '' }
                'done' { $state = 'Done'; $ended = $entry.Time }
                'problem' { $state = 'DoneWithErrors'; $ended = $entry.Time }
                'skipped' { $state = 'Skipped' }
                'waits' { $state = 'Waiting' }
                'failed' { $state = 'Failed' }
            }
        }
        [StingBackup.RunbookStep] @{
            Number = $number; Name = $step.Name; Command = $step.Command; State = $state; IsGate = [bool] $step.Gate; Detail = $detail; StartedTime = $started
            Duration = $(if ($started -and $ended) { $ended - $started })
        }
    }
}

# The report, from the journal alone: so one that is asked for again is the same.
function New-StingRunbookReport([hashtable] $Book, [StingBackup.Runbooks.RunbookEntry[]] $Entries, [string] $Path) {
    $steps = [StingBackup.RunbookStep[]] @(Get-StingRunbookStepList $Book $Entries)
    $work = [timespan]::Zero
    $problems = $false
    foreach ($step in $steps) {
        if ($step.Duration) { $work += $step.Duration }
        if ($step.State -eq 'DoneWithErrors') { $problems = $true }
    }
    $next = [System.Collections.Generic.List[string]]::new()
    $resumed = 0
    $loss = $null
    foreach ($entry in $Entries) {
        if ($entry.What -eq 'next' -and -not $next.Contains($entry.Detail)) { $next.Add($entry.Detail) }
        if ($entry.What -eq 'resumed') { $resumed++ }
        if ($entry.What -eq 'fact' -and $entry.Detail -match '^LossSeconds=(\d+)$') { $loss = [timespan]::FromSeconds([double] $Matches[1]) }
    }
    [StingBackup.RunbookReport] @{
        Runbook = $Book.Runbook; RunId = [System.IO.Path]::GetFileNameWithoutExtension($Path).Substring($Book.Runbook.Length + 1); Title = $Book.Title
        State = $(if ($problems) { 'CompletedWithErrors' } else { 'Completed' }); StartedTime = $Entries[0].Time; Duration = $Entries[-1].Time - $Entries[0].Time; WorkDuration = $work
        Target = $Book.Target; Loss = $loss; Steps = $steps; Next = [string[]] $next; Resumed = $resumed; Journal = $Path; ReportFile = [System.IO.Path]::ChangeExtension($Path, '.md')
    }
}

# One step, from the journal's first word of it to its last.
function Invoke-StingRunbookStep([hashtable] $Book, [int] $Number, [StingBackup.Runbooks.RunbookJournal] $Journal) {
    $step = $Book.Steps[$Number - 1]
    $c = $Book.Context
    $why = if ($step.Skip) { & $step.Skip $c $step }
    if ($why) {
        $Journal.Append('skipped', $Number, "$why", [System.TimeProvider]::System.GetUtcNow())
        return
    }
    if ($step.Gate) {
        if ($Number -notin $Book.Acknowledge) {
            $Journal.Append('waits', $Number, $step.Gate, [System.TimeProvider]::System.GetUtcNow())
            throw [StingBackup.Runbooks.RunbookErrors]::Waits($Book.Runbook, @(Get-StingRunbookStepList $Book $Journal.Entries)[$Number - 1], $step.Gate)
        }
        $Journal.Append('done', $Number, "acknowledged by $([System.Environment]::UserName)", [System.TimeProvider]::System.GetUtcNow())
        return
    }
    $Journal.Append('step', $Number, '', [System.TimeProvider]::System.GetUtcNow())
    $already = if ($step.Done) { & $step.Done $c $step }
    if ($already) {
        $Journal.Append('done', $Number, $(if ($already -is [string]) { $already } else { 'it was so already' }), [System.TimeProvider]::System.GetUtcNow())
        return
    }
    $details = [System.Collections.Generic.List[string]]::new()
    $what = 'done'
    foreach ($output in & $step.Do $c $step) {
        if ($output -is [hashtable]) {
            $what = 'problem'
            $details.Add($output.Problem)
        }
        elseif ($null -ne $output) { $details.Add("$output") }
    }
    $Journal.Append($what, $Number, [string]::Join('; ', $details), [System.TimeProvider]::System.GetUtcNow())
}

# All of it: checks, plan, consent, steps, report.
function Invoke-StingRunbook([System.Management.Automation.PSCmdlet] $Caller, [hashtable] $Book) {
    $c = $Book.Context
    $run = Find-StingRunbookRun $Book
    [StingBackup.Runbooks.RunbookEntry[]] $entries = if ($run.IsNew) { @() } else { @([StingBackup.Runbooks.RunbookJournal]::Peek($run.Path)) }
    if ($run.IsOver) {
        # The same run, asked for again by whoever retries: nothing is done twice.
        New-StingRunbookReport $Book $entries $run.Path
        return
    }
    if (-not $run.IsNew -and $entries[0].Detail -ne $Book.Identity) {
        throw [StingBackup.Runbooks.RunbookErrors]::Differs($Book.Runbook, [System.IO.Path]::GetFileName($run.Path), $entries[0].Detail, $Book.Identity)
    }
    $steps = [StingBackup.RunbookStep[]] @(Get-StingRunbookStepList $Book $entries)
    $checks = [StingBackup.RunbookCheck[]] @(if ($run.IsNew) { & $Book.Checks $c })
    $plan = [StingBackup.RunbookPlan] @{
        Runbook = $Book.Runbook; RunId = [System.IO.Path]::GetFileNameWithoutExtension($run.Path).Substring($Book.Runbook.Length + 1); Title = $Book.Title; Target = $Book.Target
        Checks = $checks; Steps = $steps; Journal = $run.Path
    }
    $lines = @(foreach ($check in $checks) { "$check" }) + @(foreach ($step in $steps) { "$step" })
    $reason = [System.Management.Automation.ShouldProcessReason]::None
    try {
        $agreed = $Caller.ShouldProcess("$($Book.Title), $($steps.Count) steps", "$($Book.Title)`n$([string]::Join("`n", $lines))", $Book.Runbook, [ref] $reason)
    }
    catch [System.Management.Automation.Host.HostException], [System.Management.Automation.PSInvalidOperationException], [System.NotImplementedException] {
        throw [StingBackup.Runbooks.RunbookErrors]::ConsentNeeded($Book.Title, $_.Exception)
    }
    if ($reason -eq [System.Management.Automation.ShouldProcessReason]::WhatIf) { return $plan }
    if (-not $agreed) { return }
    $failed = [StingBackup.RunbookCheck[]] @(foreach ($check in $checks) { if (-not $check.Passed -and -not $check.IsAdvice) { $check } })
    if ($failed.Count -gt 0) { throw [StingBackup.Runbooks.RunbookErrors]::NotReady($Book.Runbook, $failed) }

    $journal = [StingBackup.Runbooks.RunbookJournal]::Open($run.Path)
    try {
        $c.Journal = $journal
        $journal.Append($(if ($run.IsNew) { 'begin' } else { 'resumed' }), 0, $Book.Identity, [System.TimeProvider]::System.GetUtcNow())
        $c.Begun = $journal.Entries[0].Time
        foreach ($entry in $journal.Entries) {
            if ($entry.What -eq 'fact') {
                $name, $value = $entry.Detail -split '=', 2
                $c.Facts[$name] = $value
            }
        }
        if ($Book.Begin) { & $Book.Begin $c }
        foreach ($step in Get-StingRunbookStepList $Book $journal.Entries) {
            if ($step.State -in 'Done', 'DoneWithErrors', 'Skipped') { continue }
            $progress = [System.Management.Automation.ProgressRecord]::new(7, $Book.Title, "step $($step.Number) of $($steps.Count): $($step.Name)")
            $progress.PercentComplete = [int] (100 * ($step.Number - 1) / $steps.Count)
            $Caller.WriteProgress($progress)
            $Caller.WriteInformation("$($step.Number)/$($steps.Count) $($step.Name)", [string[]] @('StingBackup'))
            try {
                Invoke-StingRunbookStep $Book $step.Number $journal
            }
            catch [System.Management.Automation.PipelineStoppedException] { throw }
            catch {
                $own = Find-StingCause $_.Exception
                $id = if ($own) { $own.ErrorId } else { $_.FullyQualifiedErrorId }
                if ($id -ne 'RunbookWaits') {
                    # Approvals and what is still to be given are waited for; everything else failed.
                    $what = if ($id -in 'ApprovalRequired', 'RunbookLacks') { 'waits' } else { 'failed' }
                    $journal.Append($what, $step.Number, "${id}: $($_.Exception.Message)", [System.TimeProvider]::System.GetUtcNow())
                }
                $Caller.WriteWarning("Step $($step.Number) of $($steps.Count), $($step.Name), is not done. Go on with the same command and -Resume (--resume). Journal: $($run.Path)")
                if ($own) { throw $own }
                throw
            }
            finally {
                $progress.RecordType = 'Completed'
                $Caller.WriteProgress($progress)
            }
        }
        foreach ($line in @(if ($Book.Next) { & $Book.Next $c })) {
            if ($line) { $journal.Append('next', 0, $line, [System.TimeProvider]::System.GetUtcNow()) }
        }
        $journal.Append('end', 0, '', [System.TimeProvider]::System.GetUtcNow())
        $report = New-StingRunbookReport $Book $journal.Entries $run.Path
        [StingBackup.Runbooks.RunbookPage]::Write($report, $report.ReportFile)
        $report
    }
    finally {
        $journal.Dispose()
    }
}

# Our own error among the causes of what PowerShell threw.
function Find-StingCause([System.Exception] $Exception) {
    while ($null -ne $Exception) {
        if ($Exception -is [StingBackup.StingException]) { return $Exception }
        if ($Exception -is [System.Management.Automation.RuntimeException] -and $Exception.ErrorRecord -and $Exception.ErrorRecord.Exception -is [StingBackup.StingException]) { return $Exception.ErrorRecord.Exception }
        $Exception = $Exception.InnerException
    }
}

# What a command is called with, for journal and comparison: no secret, and nothing that only says how it runs.
function Get-StingRunbookIdentity([System.Collections.IDictionary] $Bound) {
    $without = 'Passphrase', 'Resume', 'RunId', 'Acknowledge', 'StatePath', 'Date', 'BackupId', 'WhatIf', 'Confirm', 'Verbose', 'Debug', 'ErrorAction', 'WarningAction', 'InformationAction', 'ProgressAction', 'ErrorVariable', 'WarningVariable', 'InformationVariable', 'OutVariable', 'OutBuffer', 'PipelineVariable'
    $names = [string[]] @(foreach ($name in $Bound.Keys) { if ($name -notin $without) { $name } })
    [System.Array]::Sort($names, [System.StringComparer]::Ordinal)
    [string]::Join(' ', @(foreach ($name in $names) { "-$name $([string]::Join(',', @($Bound[$name])))" }))
}

# Ends a runbook's command by the error that ended it, under its own id.
function Stop-StingRunbook([System.Management.Automation.PSCmdlet] $Caller, [System.Management.Automation.ErrorRecord] $Record) {
    $own = Find-StingCause $Record.Exception
    if ($own) { $Caller.ThrowTerminatingError((ConvertTo-StingErrorRecord $own)) }
    $Caller.ThrowTerminatingError($Record)
}
