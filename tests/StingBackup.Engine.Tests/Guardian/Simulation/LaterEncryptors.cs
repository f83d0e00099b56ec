namespace StingBackup.Engine.Tests.Guardian.Simulation;

/// <summary>Encryptors that were written after the thresholds were frozen.</summary>
internal static class LaterEncryptors
{
    public static IReadOnlyList<Func<Encryptor>> All { get; } = [];

    /// <summary>How many of six trials of the short form are caught at least, where it is not all: the table of docs/ransomware.md shows which encryptors are missed, and says why.</summary>
    public static IReadOnlyDictionary<string, int> ExpectedOfSix { get; } = new Dictionary<string, int>();
}
