using System.Globalization;
using StingBackup.Engine.Basics;
using StingBackup.Engine.Cryptography;

namespace StingBackup.Engine.Keys;

/// <summary>The beginning of an epoch, signed by the key role.</summary>
/// <param name="Epoch">From 1.</param>
/// <param name="SecretCheck">32 bytes that the epoch's secret, and no other, gives.</param>
/// <param name="CreatedNs">When, nanoseconds since 1970 UTC.</param>
internal sealed record Turn(uint Epoch, byte[] SecretCheck, long CreatedNs)
{
    /// <summary>The signed file that it was read from.</summary>
    public byte[] Bytes { get; init; } = [];
}

/// <summary>
/// Which epoch is current: <c>turn/&lt;n&gt;</c>. Creating it on the first replica is the switch; copies on the others follow it and say the same to
/// a reader who cannot reach the first.
/// </summary>
internal sealed class Turns(IKeyFiles files, IReadOnlyList<string> replicas)
{
    /// <summary>Its folder within a replica.</summary>
    public const string Folder = "turn";

    /// <summary>Path of a turn within a replica.</summary>
    public static string PathOf(string replica, uint epoch) => Path.Combine(replica, Folder, epoch.ToString(CultureInfo.InvariantCulture));

    /// <summary>The epoch that a file of the folder is of; null for what an interrupted write left.</summary>
    public static uint? EpochOf(string name) => uint.TryParse(name, NumberStyles.None, CultureInfo.InvariantCulture, out var epoch) ? epoch : null;

    /// <summary>Creates the first turn on every replica.</summary>
    public void Create(Id16 reserveId, Turn turn, ISigner keyRole)
    {
        var signed = turn with { Bytes = Sign(reserveId, turn, keyRole) };
        foreach (var replica in replicas)
        {
            Begin(replica, signed);
        }
    }

    /// <summary>Creates a turn on one replica; on the first one that is the switch.</summary>
    /// <exception cref="StingException"><c>KeysExist</c> when it stands there already</exception>
    public void Begin(string replica, Turn signed)
    {
        var path = PathOf(replica, signed.Epoch);
        files.MakeFolder(Path.GetDirectoryName(path)!);
        if (!files.Create(path, signed.Bytes))
        {
            throw new StingException("KeysExist", FailureKind.AlreadyExists, $"'{path}' exists already.", path,
                "Choose other key store replicas: what stands there may be the only way to read another reserve.");
        }
    }

    /// <summary>The signed file.</summary>
    public static byte[] Sign(Id16 reserveId, Turn turn, ISigner keyRole)
    {
        var cbor = CborFields.StartMap(5);
        CborFields.Write(cbor, 1, Suite.P256);
        CborFields.Write(cbor, 2, reserveId.ToArray());
        CborFields.Write(cbor, 3, turn.Epoch);
        CborFields.Write(cbor, 4, turn.SecretCheck);
        CborFields.Write(cbor, 5, turn.CreatedNs);
        return KeyFrame.Sign(KeyFileKind.Turn, CborFields.End(cbor), keyRole);
    }

    /// <summary>The current turn: the highest that is validly signed, over all replicas. What is wrong with any is told.</summary>
    /// <exception cref="StingException"><c>KeyStoreMissing</c> when no replica has one.</exception>
    public Turn Current(Id16 reserveId, SignatureVerifier keyRole, List<StingException> faults)
    {
        Turn? current = null;
        foreach (var replica in replicas)
        {
            Turn? highest = null;
            try
            {
                highest = HighestAt(replica, reserveId, keyRole, faults);
            }
            catch (StingException fault)
            {
                faults.Add(fault);
            }
            current = highest?.Epoch > (current?.Epoch ?? 0) ? highest : current;
        }
        return current ?? throw new StingException("KeyStoreMissing", FailureKind.NotFound,
            $"No key store replica says which epoch is current; looked in {string.Join(", ", replicas.Select(replica => $"'{replica}'"))}.",
            replicas.Count > 0 ? replicas[0] : null, "Mount the key store, or correct its place in the configuration.");
    }

    /// <summary>Copies the current turn to a replica where it is missing or differs; false when it stood there.</summary>
    public bool Refill(string replica, Turn turn)
    {
        var path = PathOf(replica, turn.Epoch);
        if (files.Read(path).AsSpan().SequenceEqual(turn.Bytes))
        {
            return false;
        }
        files.MakeFolder(Path.GetDirectoryName(path)!);
        files.Replace(path, turn.Bytes);
        return true;
    }

    /// <summary>One that was listed may have gone when it is read: whoever destroyed it had put a newer one. So it is listed again, until one is found or nothing new comes.</summary>
    private Turn? HighestAt(string replica, Id16 reserveId, SignatureVerifier keyRole, List<StingException> faults)
    {
        Turn? highest = null;
        var seen = new HashSet<string>(StringComparer.Ordinal);
        while (highest is null && (files.List(Path.Combine(replica, Folder)) ?? throw Missing(replica)).Where(seen.Add).ToList() is { Count: > 0 } names)
        {
            foreach (var name in names)
            {
                if (TryRead(Path.Combine(replica, Folder, name), reserveId, keyRole, faults) is { } turn && turn.Epoch > (highest?.Epoch ?? 0))
                {
                    highest = turn;
                }
            }
        }
        return highest;
    }

    private Turn? TryRead(string path, Id16 reserveId, SignatureVerifier keyRole, List<StingException> faults)
    {
        if (EpochOf(Path.GetFileName(path)) is not { } epoch)
        {
            return null;
        }
        try
        {
            var bytes = files.Read(path) ?? throw KeyFrame.Damaged(path, "it vanished");
            var payload = KeyFrame.ReadSigned(bytes, KeyFileKind.Turn, path, (_, signed, signature) => keyRole.Verify(signed, signature));
            var fields = new CborFields(payload, path, (why, inner) => KeyFrame.Damaged(path, why, inner));
            Suite.Check(fields.Number(1), path);
            fields.CheckOthers(5);
            return new Id16(fields.Bytes(2, Id16.Size)) == reserveId && fields.Number(3) == epoch
                ? new Turn(epoch, fields.Bytes(4, 32), fields.Long(5)) { Bytes = bytes }
                : throw KeyFrame.Damaged(path, "it belongs to another reserve or epoch");
        }
        catch (StingException fault)
        {
            faults.Add(fault);
            return null;
        }
    }

    private static StingException Missing(string replica) => new(
        "KeyStoreReplicaMissing", FailureKind.NotFound, $"Key store replica '{replica}' is not there.", replica,
        "Mount it; if it is lost, make its folder anew and run Repair-StingRepository with the key file's passphrase: it refills the replica from the others.");
}
