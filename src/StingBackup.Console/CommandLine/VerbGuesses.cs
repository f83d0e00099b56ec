namespace StingBackup.Console.CommandLine;

/// <summary>Words that people try who come from other programs, or have read nothing yet, and what they mean here.</summary>
internal static class VerbGuesses
{
    /// <summary>Each word, and what it may mean.</summary>
    public static IReadOnlyDictionary<string, string[]> All { get; } = new Dictionary<string, string[]>(StringComparer.Ordinal)
    {
        ["backup"] = ["sting-backup incremental", "sting-backup full"],
        ["create"] = ["sting-backup incremental", "sting-backup init"],
        ["run"] = ["sting-backup incremental", "sting-backup full"],
        ["restore"] = ["sting-restore file", "sting-restore user", "sting-restore full"],
        ["snapshots"] = ["sting-backup list"],
        ["points"] = ["sting-backup list"],
        ["ls"] = ["sting-backup list", "sting-backup browse"],
        ["history"] = ["sting-backup list", "sting-backup find"],
        ["forget"] = ["sting-backup retention"],
        ["start"] = ["sting-backup daemon", "sting-backup schedule"],
        ["setup"] = ["sting-backup init"],
        ["all"] = ["sting-restore full"],
        ["reserve"] = ["sting-restore full"],
        ["person"] = ["sting-restore user"],
        ["folder"] = ["sting-restore file"],
        ["jar"] = ["sting-restore honey-jar"],
    };

    /// <summary>What a word may mean, with the program; nothing where nobody can tell.</summary>
    public static IReadOnlyList<string> Of(string word) => All.GetValueOrDefault(word, []);
}
