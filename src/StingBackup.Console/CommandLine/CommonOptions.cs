namespace StingBackup.Console.CommandLine;

/// <summary>What every command understands.</summary>
internal sealed record CommonOptions
{
    /// <summary>Prints JSON instead of tables.</summary>
    public bool Json { get; init; }
    /// <summary>Prints help.</summary>
    public bool Help { get; init; }
    /// <summary>Prints the plan and does nothing.</summary>
    public bool DryRun { get; init; }
    /// <summary>Consent beforehand.</summary>
    public bool Confirm { get; init; }
    /// <summary>Tells decisions.</summary>
    public bool Verbose { get; init; }
    /// <summary>Tells results and errors alone.</summary>
    public bool Quiet { get; init; }
    /// <summary>The configuration file.</summary>
    public string? Config { get; init; }
    /// <summary>A file whose first line is the passphrase.</summary>
    public string? PassphraseFile { get; init; }

    /// <summary>Their names, whether they take a value, and what they do.</summary>
    public static IReadOnlyList<(string Name, string? Value, string Meaning)> All { get; } =
    [
        ("config", "FILE", "The configuration file; else STING_BACKUP_CONFIG, then the usual places"),
        ("confirm", null, "Consent: do not ask, also where something would be overwritten"),
        ("dry-run", null, "Print what would be done, and do nothing"),
        ("help", null, "Print this"),
        ("json", null, "Print results as JSON"),
        ("passphrase-file", "FILE", "Take the passphrase from a file's first line; else STING_BACKUP_PASSPHRASE, then ask"),
        ("quiet", null, "Print results and errors alone"),
        ("verbose", null, "Tell decisions, and in full what is summed up otherwise"),
    ];

    /// <summary>These options with one more set.</summary>
    public CommonOptions With(string name, string? value) => name switch
    {
        "config" => this with { Config = value },
        "confirm" => this with { Confirm = true },
        "dry-run" => this with { DryRun = true },
        "help" => this with { Help = true },
        "json" => this with { Json = true },
        "passphrase-file" => this with { PassphraseFile = value },
        "quiet" => this with { Quiet = true },
        "verbose" => this with { Verbose = true },
        _ => throw new ArgumentOutOfRangeException(nameof(name), name, null),
    };
}
