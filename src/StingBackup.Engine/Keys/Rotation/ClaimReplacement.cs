using System.Formats.Cbor;
using StingBackup.Engine.Basics;
using StingBackup.Engine.Cryptography;
using StingBackup.Engine.Storage;

namespace StingBackup.Engine.Keys;

/// <summary>A claim as it is to be.</summary>
/// <param name="Tag">Whose.</param>
/// <param name="Bytes">Its bytes.</param>
internal readonly record struct ClaimContent(Id16 Tag, byte[] Bytes);

/// <summary>
/// Puts claims in the place of others: they are deleted and created. What is to be created stands in <c>claims.renewal</c> before, so that a run that died in between is ended by the next one.
/// The caller holds the key directory's lock.
/// </summary>
internal sealed class ClaimReplacement(KeyEnvironment environment, KeyOptions options, ClaimReader claims, IObjectStore store)
{
    /// <summary>Claims that are not there for a moment.</summary>
    public const int Batch = 500;

    private readonly string _journal = JournalOf(options);

    /// <summary>Where claims that are being replaced stand.</summary>
    public static string JournalOf(KeyOptions options) => Path.Combine(options.KeyDirectory, "claims.renewal");

    /// <summary>Claims that a run was replacing when it died, as they are to be.</summary>
    public static IReadOnlyList<ClaimContent> Unfinished(IKeyFiles files, string path) =>
        files.Read(path) is { } bytes ? ReadJournal(KeyFrame.ReadWhole(bytes, KeyFileKind.ClaimRenewal, path), path) : [];

    /// <summary>Creates the claims that a run had deleted when it died; but not those of subjects that were erased since, whose keys are gone.</summary>
    public async ValueTask ResumeAsync(KeyRole role, CancellationToken cancel)
    {
        var unfinished = Unfinished(environment.Files, _journal);
        if (unfinished.Count == 0)
        {
            return;
        }
        using var keyStore = role.OpenStore();
        foreach (var (tag, bytes) in unfinished)
        {
            if (keyStore.NewestGeneration(claims.Check(tag, bytes).Key.Pseudonym) is not null)
            {
                await store.PutAsync(KeyObjectNames.Claim(tag), bytes, cancel).ConfigureAwait(false);   // changes nothing where it stands
            }
        }
        environment.Files.Delete(_journal);
    }

    /// <summary>Replaces claims, few enough for one batch; gives those in whose place another host put one meanwhile. Earlier runs are resumed by then.</summary>
    public async ValueTask<IReadOnlyList<StingException>> ReplaceAsync(IReadOnlyList<ClaimContent> few, CancellationToken cancel)
    {
        cancel.ThrowIfCancellationRequested();
        environment.Files.Replace(_journal, KeyFrame.Write(KeyFileKind.ClaimRenewal, WriteJournal(few)));
        // No way back from here: what is deleted must be created.
        await Parallel.ForEachAsync(few, CancellationToken.None, async (claim, stop) => await store.DeleteAsync(KeyObjectNames.Claim(claim.Tag), stop).ConfigureAwait(false)).ConfigureAwait(false);
        foreach (var claim in few)
        {
            await store.StageAsync(KeyObjectNames.Claim(claim.Tag), claim.Bytes, CancellationToken.None).ConfigureAwait(false);
        }
        await store.BarrierAsync(CancellationToken.None).ConfigureAwait(false);
        var faults = new List<StingException>();
        foreach (var claim in few)
        {
            var name = KeyObjectNames.Claim(claim.Tag);
            if (!(await ClaimReader.ReadBytesAsync(store, name, CancellationToken.None).ConfigureAwait(false)).AsSpan().SequenceEqual(claim.Bytes))
            {
                faults.Add(new StingException("ClaimConflict", FailureKind.Integrity, $"Another host claimed '{name}' anew while its key was renewed.", name,
                    "Keep both: restore points name their subjects by pseudonym, and stay readable. Renew keys when no other host runs a backup."));
            }
        }
        environment.Files.Delete(_journal);
        return faults;
    }

    /// <summary>An array of [tag, claim].</summary>
    private static byte[] WriteJournal(IReadOnlyList<ClaimContent> few)
    {
        var cbor = new CborWriter(CborConformanceMode.Ctap2Canonical);
        cbor.WriteStartArray(few.Count);
        foreach (var claim in few)
        {
            cbor.WriteStartArray(2);
            cbor.WriteByteString(claim.Tag.ToArray());
            cbor.WriteByteString(claim.Bytes);
            cbor.WriteEndArray();
        }
        cbor.WriteEndArray();
        return cbor.Encode();
    }

    private static List<ClaimContent> ReadJournal(ReadOnlyMemory<byte> payload, string path)
    {
        try
        {
            var cbor = new CborReader(payload, CborConformanceMode.Ctap2Canonical);
            var found = new List<ClaimContent>();
            for (cbor.ReadStartArray(); cbor.PeekState() != CborReaderState.EndArray;)
            {
                cbor.ReadStartArray();
                found.Add(new ClaimContent(new Id16(CborFields.Sized(cbor, Id16.Size)), cbor.ReadByteString()));
                cbor.ReadEndArray();
            }
            return found;
        }
        catch (Exception wrong) when (wrong is CborContentException or InvalidOperationException or ArgumentException)
        {
            throw KeyFrame.Damaged(path, "its content is no list of claims", wrong);
        }
    }
}
