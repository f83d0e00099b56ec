using System.Globalization;

namespace StingBackup.Runbooks;

/// <summary>The errors of runbooks, which are scripts and take them from here.</summary>
public static class RunbookErrors
{
    /// <summary>What must hold before does not.</summary>
    public static StingException NotReady(string runbook, IEnumerable<RunbookCheck> failed)
    {
        var all = failed.ToList();
        return new StingException("RunbookNotReady", FailureKind.Refused, $"{runbook} does not begin: {string.Join(" ", all.Select(c => $"{c.Name}: {c.Detail.TrimEnd('.')}."))} Nothing was changed.", all[0].Name,
            "Mend what is named and run it again; -WhatIf (--dry-run) shows all that is looked at.");
    }

    /// <summary>A run was begun and is not at its end.</summary>
    public static StingException Open(string runbook, string runId, DateTimeOffset since) => new("RunbookOpen", FailureKind.Busy,
        string.Create(CultureInfo.InvariantCulture, $"{runbook} was begun on {since.UtcDateTime:yyyy-MM-dd HH:mm} UTC and is not at its end (run {runId})."), runId,
        "Go on with it by -Resume (--resume). To give it up, move its journal away: the error names the run, -WhatIf -Resume its journal.");

    /// <summary>There is none to go on with.</summary>
    public static StingException NothingToResume(string runbook) => new("RunbookNotFound", FailureKind.NotFound, $"There is no run of {runbook} to go on with.", runbook, "Begin one: leave out -Resume (--resume).");

    /// <summary>It was begun with other parameters.</summary>
    public static StingException Differs(string runbook, string runId, string begun, string given) => new("RunbookDiffers", FailureKind.InvalidArgument,
        $"Run {runId} of {runbook} was begun with other parameters: {(begun.Length > 0 ? begun : "none")}, and not {(given.Length > 0 ? given : "none")}.", runId, "Go on with those, or move its journal away and begin another.");

    /// <summary>A person must answer.</summary>
    public static StingException Waits(string runbook, RunbookStep step, string question) => new("RunbookWaits", FailureKind.Refused,
        string.Create(CultureInfo.InvariantCulture, $"{runbook} waits at step {step.Number}, {step.Name}: {question}"), step.Name,
        string.Create(CultureInfo.InvariantCulture, $"When that is so: the same command with -Resume -Acknowledge {step.Number} (--resume --acknowledge={step.Number})."));

    /// <summary>Something must be given before it can go on.</summary>
    public static StingException Lacks(string step, string what, string remedy) => new("RunbookLacks", FailureKind.Refused, $"{step}: {what}", step, $"{remedy} Then go on with -Resume (--resume).");

    /// <summary>A command of another program failed.</summary>
    public static StingException CommandFailed(string command, int code) => new("RunbookCommandFailed", FailureKind.Io, string.Create(CultureInfo.InvariantCulture, $"'{command}' ended with {code}."), command,
        "Run it by hand to see why; then go on with -Resume (--resume).");

    /// <summary>A step looked, and what it found must not be built on.</summary>
    public static StingException Damaged(string step, string what) => new("RunbookDamage", FailureKind.Integrity, $"{step}: {what}", step, "Look with Test-StingBackupIntegrity and mend with Repair-StingRepository; then go on with -Resume (--resume).");

    /// <summary>Nobody can be asked.</summary>
    public static StingException ConsentNeeded(string title, Exception cause) => new("ConsentNeeded", FailureKind.Refused, $"{title}: this needs consent, and nobody can be asked here. Nothing was done.", null,
        "Look at the plan with -WhatIf (--dry-run); give -Confirm:$false (--confirm) where it is what you want.", cause);
}
