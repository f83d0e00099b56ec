namespace StingBackup.Console.CommandLine;

/// <summary>One word of a program, and the cmdlet that it stands for.</summary>
/// <param name="Program"><c>sting-backup</c> or <c>sting-restore</c>.</param>
/// <param name="Name">The word.</param>
/// <param name="Cmdlet">The cmdlet.</param>
/// <param name="Summary">One line for the program's help.</param>
internal sealed record Verb(string Program, string Name, string Cmdlet, string Summary)
{
    /// <summary>Parameters that the word itself sets.</summary>
    public IReadOnlyDictionary<string, object> Fixed { get; init; } = new Dictionary<string, object>();

    /// <summary>Options that are not spelled as their parameter is.</summary>
    public IReadOnlyDictionary<string, string> Renamed { get; init; } = new Dictionary<string, string>();

    /// <summary>True where any number of objects comes out: --json prints one array then, else one object.</summary>
    public bool Many { get; init; }

    /// <summary>Command lines for its help, without the program's name.</summary>
    public IReadOnlyList<string> Examples { get; init; } = [];

    /// <summary>The parameter that a word right behind the command's gives, without its option; null for none.</summary>
    public string? First { get; init; }

    /// <summary>What was typed behind the word, with its option where that may be left out.</summary>
    public IEnumerable<string> Spelled(IReadOnlyList<string> words) =>
        First is not null && words.Count > 0 && !words[0].StartsWith('-') ? words.Skip(1).Prepend($"--{OptionOf(First)}={words[0]}") : words;

    /// <summary>The option of a parameter.</summary>
    public string OptionOf(string parameter) => Renamed.FirstOrDefault(r => r.Value == parameter).Key ?? Spell(parameter);

    /// <summary>A parameter's name as options are spelled: <c>BackupId</c> is <c>backup-id</c>.</summary>
    public static string Spell(string parameter) =>
        string.Concat(parameter.Select((c, i) => char.IsAsciiLetterUpper(c) ? (i == 0 ? "" : "-") + char.ToLowerInvariant(c) : c.ToString()));
}
