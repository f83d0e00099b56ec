namespace StingBackup.Engine.Tests.Guardian.Simulation;

/// <summary>Encryptors that were written after the thresholds were frozen.</summary>
internal static class LaterEncryptors
{
    public static IReadOnlyList<Func<Encryptor>> All { get; } = [];
}
