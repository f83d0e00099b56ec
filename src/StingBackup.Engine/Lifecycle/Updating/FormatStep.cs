using StingBackup.Engine.Keys;

namespace StingBackup.Engine.Lifecycle.Updating;

/// <summary>
/// One step that moves a repository's format on. Its features stand in the format record before anything is written in the new way, so that an earlier program stops; then it does its work, each part of
/// which may be done again. Whether it is done the repository tells, never a journal.
/// </summary>
internal abstract class FormatStep
{
    /// <summary>Its name, which stays.</summary>
    public abstract string Name { get; }

    /// <summary>What it changes, for people.</summary>
    public abstract string Change { get; }

    /// <summary>The first version of StingBackup that knows its features.</summary>
    public abstract string Program { get; }

    /// <summary>Features without which nothing can be read afterwards.</summary>
    public virtual IReadOnlyList<uint> RequiredToRead => [];

    /// <summary>Features without which nothing may be written afterwards.</summary>
    public virtual IReadOnlyList<uint> RequiredToWrite => [];

    /// <summary>Whether the format record asks for its features already: it was begun.</summary>
    public bool IsAnnounced(FormatObject format) => RequiredToRead.All(format.RequiredToRead.Contains) && RequiredToWrite.All(format.RequiredToWrite.Contains);

    /// <summary>The format record with its features and the program that they take.</summary>
    public FormatObject Announce(FormatObject format) => format with
    {
        RequiredToRead = [.. format.RequiredToRead.Union(RequiredToRead).Order()], RequiredToWrite = [.. format.RequiredToWrite.Union(RequiredToWrite).Order()], Program = Later(format.Program, Program),
    };

    /// <summary>Whether nothing is left to do.</summary>
    public abstract ValueTask<bool> IsDoneAsync(Installation installation, FormatObject format, CancellationToken cancel);

    /// <summary>What is to be done beyond the format record. Goes on with what an earlier try did.</summary>
    public virtual ValueTask RunAsync(Installation installation, SubjectReader reader, CancellationToken cancel) => ValueTask.CompletedTask;

    /// <summary>The later of two versions; what is none counts as the earliest.</summary>
    private static string Later(string one, string other) => Version.TryParse(one, out var first) && Version.TryParse(other, out var second) && first > second ? one : other;
}

/// <summary>Format records of before they named a program get the name: so that a later one which moves the format on need not be the first to say so, and the refusal of an earlier one is of help.</summary>
internal sealed class NamedProgramStep : FormatStep
{
    /// <inheritdoc/>
    public override string Name => "program-version";

    /// <inheritdoc/>
    public override string Change => "The format record names the version of StingBackup that the repository needs, so that an earlier one can say which it is. Every program that could read and write the repository still can.";

    /// <inheritdoc/>
    public override string Program => FormatFeatures.FirstProgram;

    /// <inheritdoc/>
    public override ValueTask<bool> IsDoneAsync(Installation installation, FormatObject format, CancellationToken cancel) => ValueTask.FromResult(format.Program.Length > 0);
}
