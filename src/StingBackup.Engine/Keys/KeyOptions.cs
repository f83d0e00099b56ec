using StingBackup.Engine.Cryptography;
using StingBackup.Engine.Reserve.Configuration;

namespace StingBackup.Engine.Keys;

/// <summary>Where a reserve's keys lie. Absolute paths.</summary>
public sealed record KeyOptions
{
    /// <summary>The key role's folder: <c>reserve.pub</c>, <c>reserve.key</c>, copies of what it signed.</summary>
    public required string KeyDirectory { get; init; }
    /// <summary>Two or three folders that each hold every subject's key; two sites at least.</summary>
    public required IReadOnlyList<string> KeyStoreReplicas { get; init; }
    /// <summary>Two or three folders that each hold the epoch's secret, in places that can truly forget; two sites at least.</summary>
    public required IReadOnlyList<string> EpochPlaces { get; init; }
    /// <summary>This host's state folder; its keys lie in <c>host/</c> below it.</summary>
    public required string HostStateDirectory { get; init; }
    /// <summary>Where repositories lie on this machine; null when none does.</summary>
    public string? BackupRoot { get; init; }
    /// <summary>Folders that are backed up.</summary>
    public IReadOnlyList<string> Sources { get; init; } = [];
    /// <summary>Lets keys lie under <see cref="BackupRoot"/>, with a warning.</summary>
    public bool AllowUnderBackupRoot { get; init; }

    /// <summary>Suite of the key pairs that are made from now on: the KEK's and the subjects'. Those that stand keep theirs.</summary>
    public KemSuite Suite { get; init; } = KemSuite.P256;

    /// <summary>How many spares a host keeps.</summary>
    public int Spares { get; init; } = KeySuiteSettings.Spares.Default;

    /// <summary>Reaches the key vault that wraps the key file's key; null where a passphrase, or nothing, protects it. Opened only to make, open or rewrap the key file.</summary>
    public Func<TimeProvider, IKeyWrapper>? KeyVault { get; init; }

    /// <summary>
    /// Places from a configuration that may name few: the first key store replica lies in the key directory, and so does whatever is missing of two replicas and two
    /// epoch places.
    /// </summary>
    /// <param name="keyDirectory">The key directory.</param>
    /// <param name="hostStateDirectory">This host's state folder.</param>
    /// <param name="furtherReplicas">Replicas elsewhere, up to two.</param>
    /// <param name="epochPlaces">Epoch places elsewhere, up to three.</param>
    public static KeyOptions Of(string keyDirectory, string hostStateDirectory, IReadOnlyList<string> furtherReplicas, IReadOnlyList<string> epochPlaces)
    {
        ArgumentNullException.ThrowIfNull(furtherReplicas);
        ArgumentNullException.ThrowIfNull(epochPlaces);
        string Inside(string name) => Path.Combine(keyDirectory, name);
        return new KeyOptions
        {
            KeyDirectory = keyDirectory, HostStateDirectory = hostStateDirectory,
            KeyStoreReplicas = furtherReplicas.Count > 0 ? [Inside("store"), .. furtherReplicas] : [Inside("store"), Inside("store-2")],
            EpochPlaces = epochPlaces.Count switch
            {
                0 => [Inside("epoch"), Inside("epoch-2")],
                1 => [epochPlaces[0], Inside("epoch")],
                _ => epochPlaces,
            },
        };
    }
}
