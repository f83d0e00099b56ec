namespace StingBackup.Cmdlets.Abstractions;

/// <summary>What a command is about to do, put to whoever must agree.</summary>
/// <param name="Caption">Its title.</param>
/// <param name="Statement">What will be done, in one line, as -WhatIf and -Verbose print it.</param>
/// <param name="Details">Further lines of the plan, printed with the question.</param>
/// <param name="Plan">The plan as an object: the output of -WhatIf.</param>
/// <param name="Destroys">
/// True where something that exists may be lost although the command has no high impact as a whole. A command of high impact leaves it false: it is asked about anyway.
/// </param>
internal sealed record Question(string Caption, string Statement, IReadOnlyList<string> Details, object Plan, bool Destroys)
{
    /// <summary>The question with its plan.</summary>
    public string Text => string.Join('\n', [$"{Statement}?", .. Details]);
}
