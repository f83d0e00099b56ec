namespace StingBackup;

/// <summary>One setting, as it holds now.</summary>
public sealed record ConfigurationSetting
{
    /// <summary>Its path in the configuration file, such as <c>performance.parallel_threads</c>.</summary>
    public required string Key { get; init; }
    /// <summary>The value that holds: a string, a whole number, a Boolean, an array of strings, or null for none. Never a secret.</summary>
    public required object? Value { get; init; }
    /// <summary>The value that holds where nothing is set, in the same shape.</summary>
    public required object? Default { get; init; }
    /// <summary>Where the value comes from: <c>file:line</c>, <c>default</c>, or <c>environment NAME</c>.</summary>
    public required string Source { get; init; }
    /// <summary>What it means, with unit and range.</summary>
    public required string Description { get; init; }
    /// <summary>True when the value differs from the default.</summary>
    public required bool Changed { get; init; }
    /// <summary>True when the value differs from the one that the last backup run on this host used.</summary>
    public bool ChangedSinceLastRun { get; init; }
    /// <summary>The value of the last backup run on this host; null when it had none, or there was no run.</summary>
    public object? LastRunValue { get; init; }
}

/// <summary>How much a finding weighs.</summary>
public enum FindingSeverity
{
    /// <summary>Worth knowing; all is well.</summary>
    Information,
    /// <summary>It works, but something is weaker than it should be.</summary>
    Warning,
    /// <summary>No run is possible like this.</summary>
    Error,
}

/// <summary>One thing that a look at the configuration, or at what it names, found.</summary>
public sealed record ConfigurationFinding
{
    /// <summary>How much it weighs.</summary>
    public required FindingSeverity Severity { get; init; }
    /// <summary>The setting's path in the file, or null where it is the whole file.</summary>
    public required string? Key { get; init; }
    /// <summary>The file, or null where no file says it.</summary>
    public required string? File { get; init; }
    /// <summary>The line in the file, from 1; 0 where there is none.</summary>
    public required int Line { get; init; }
    /// <summary>What is wrong, or what was found.</summary>
    public required string Problem { get; init; }
    /// <summary>What to do; empty where nothing needs doing.</summary>
    public required string Remedy { get; init; }

    /// <summary><c>file:line: key: problem</c>, with what is known of them.</summary>
    public override string ToString()
    {
        var place = File is null ? "" : Line > 0 ? string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{File}:{Line}: ") : $"{File}: ";
        return place + (Key is null ? "" : $"{Key}: ") + Problem;
    }
}
