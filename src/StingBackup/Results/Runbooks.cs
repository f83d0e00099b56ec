using System.Globalization;

namespace StingBackup;

/// <summary>What was lost.</summary>
public enum DisasterScenario
{
    /// <summary>The host: the standby takes over.</summary>
    HardwareFailure,
    /// <summary>The site: the DR site becomes the primary one.</summary>
    DataCenterLoss,
    /// <summary>Trust: an attacker encrypts or deletes.</summary>
    Ransomware,
    /// <summary>Content: something wrote what is wrong.</summary>
    DataCorruption,
}

/// <summary>How a step of a runbook stands.</summary>
public enum RunbookStepState
{
    /// <summary>Not begun.</summary>
    Planned,
    /// <summary>Done.</summary>
    Done,
    /// <summary>Done, but single items failed.</summary>
    DoneWithErrors,
    /// <summary>Not needed here; the detail says why.</summary>
    Skipped,
    /// <summary>Waits for a person: an approval, or an answer.</summary>
    Waiting,
    /// <summary>Begun, and not ended: the process was stopped.</summary>
    Interrupted,
    /// <summary>Failed.</summary>
    Failed,
}

/// <summary>How a runbook ended.</summary>
public enum RunbookState
{
    /// <summary>All steps are done.</summary>
    Completed,
    /// <summary>All steps are done, and something of it needs a look.</summary>
    CompletedWithErrors,
}

/// <summary>Something that must hold before a runbook begins.</summary>
public sealed record RunbookCheck
{
    /// <summary>What.</summary>
    public required string Name { get; init; }
    /// <summary>Whether it holds.</summary>
    public required bool Passed { get; init; }
    /// <summary>Whether the runbook may begin without it.</summary>
    public bool IsAdvice { get; init; }
    /// <summary>What was found, and what to do where it does not hold.</summary>
    public required string Detail { get; init; }

    /// <inheritdoc/>
    public override string ToString() => $"{(Passed ? "holds" : IsAdvice ? "look" : "fails")}: {Name}. {Detail}";
}

/// <summary>One step of a runbook.</summary>
public sealed record RunbookStep
{
    /// <summary>From 1.</summary>
    public required int Number { get; init; }
    /// <summary>What it does.</summary>
    public required string Name { get; init; }
    /// <summary>What a person would type for it.</summary>
    public required string Command { get; init; }
    /// <summary>How it stands.</summary>
    public required RunbookStepState State { get; init; }
    /// <summary>Whether a person must answer before it goes on.</summary>
    public bool IsGate { get; init; }
    /// <summary>What came out of it, or why it was not needed.</summary>
    public string Detail { get; init; } = "";
    /// <summary>When it began; null before.</summary>
    public DateTimeOffset? StartedTime { get; init; }
    /// <summary>How long it took.</summary>
    public TimeSpan? Duration { get; init; }

    /// <inheritdoc/>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Number}. {Name} ({State}{(Detail.Length > 0 ? $": {Detail}" : "")})");
}

/// <summary>What a runbook would do: <c>-WhatIf</c> prints it.</summary>
public sealed record RunbookPlan
{
    /// <summary>Which runbook.</summary>
    public required string Runbook { get; init; }
    /// <summary>The run that it would be, or that it goes on with.</summary>
    public required string RunId { get; init; }
    /// <summary>In a sentence.</summary>
    public required string Title { get; init; }
    /// <summary>The time that it may take; null where there is no target.</summary>
    public TimeSpan? Target { get; init; }
    /// <summary>What must hold.</summary>
    public required IReadOnlyList<RunbookCheck> Checks { get; init => field = Indexable.Of(value); }
    /// <summary>The steps, those that are done already too.</summary>
    public required IReadOnlyList<RunbookStep> Steps { get; init => field = Indexable.Of(value); }
    /// <summary>Where its journal lies, or would.</summary>
    public required string Journal { get; init; }
}

/// <summary>How a runbook went.</summary>
public sealed record RunbookReport
{
    /// <summary>Which runbook.</summary>
    public required string Runbook { get; init; }
    /// <summary>Its run.</summary>
    public required string RunId { get; init; }
    /// <summary>In a sentence.</summary>
    public required string Title { get; init; }
    /// <summary>How it ended.</summary>
    public required RunbookState State { get; init; }
    /// <summary>When it was begun.</summary>
    public required DateTimeOffset StartedTime { get; init; }
    /// <summary>From its first step to its last, waiting included: what counts against the target.</summary>
    public required TimeSpan Duration { get; init; }
    /// <summary>How long steps themselves took.</summary>
    public required TimeSpan WorkDuration { get; init; }
    /// <summary>The time that it may take; null where there is no target.</summary>
    public TimeSpan? Target { get; init; }
    /// <summary>Whether it stayed within; null where there is no target.</summary>
    public bool? IsWithinTarget => Target is { } target ? Duration <= target : null;
    /// <summary>Of how long ago, at its beginning, the restore point was that it went on from: what is lost at most. Null where nothing was restored.</summary>
    public TimeSpan? Loss { get; init; }
    /// <summary>The steps.</summary>
    public required IReadOnlyList<RunbookStep> Steps { get; init => field = Indexable.Of(value); }
    /// <summary>What is left to people.</summary>
    public required IReadOnlyList<string> Next { get; init => field = Indexable.Of(value); }
    /// <summary>How often its process was stopped and it was gone on with.</summary>
    public int Resumed { get; init; }
    /// <summary>Its journal.</summary>
    public required string Journal { get; init; }
    /// <summary>The report as a page in Markdown.</summary>
    public string? ReportFile { get; init; }
}
