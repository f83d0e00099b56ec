using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text;
using StingBackup.Engine.Basics;
using StingBackup.Engine.Cryptography;

namespace StingBackup.Engine.Tests;

/// <summary>Keys of a reserve in memory, with real key pairs and no files: for tests of what stands on the keys, not of the keys themselves.</summary>
internal sealed class TestKeys : ISubjectWriter, ISubjectReader, IDisposable
{
    private readonly ConcurrentDictionary<string, (SubjectWriteKeys Keys, AgreementKey Private)> _subjects = new(StringComparer.Ordinal);
    private readonly EcdsaSigner _signer = EcdsaSigner.Generate();

    public Id16 Reserve { get; } = new(RandomNumberGenerator.GetBytes(16));
    public Id16 Writer { get; } = new(RandomNumberGenerator.GetBytes(16));
    public ISigner Signer => _signer;
    public EnrolledWriters Writers => new([new EnrolledWriter(Writer, "test", _signer.PublicKey.ToArray(), _signer.PublicKey.ToArray(), null) { MayMaintain = true }], []);
    public IReadOnlyCollection<Id16> Pseudonyms => [.. _subjects.Values.Select(s => s.Keys.Pseudonym)];

    /// <summary>Ids of chunks and pages, and so the places at which trees are cut, are the same each time: for tests that count pages or bytes.</summary>
    public bool HasFixedIds { get; init; }

    /// <summary>Subjects for which no spare is left.</summary>
    public HashSet<string> Refused { get; } = new(StringComparer.Ordinal);

    public ValueTask<SubjectWriteKeys> GetAsync(string canonicalName, CancellationToken cancel) =>
        Refused.Contains(canonicalName)
            ? throw new StingException("NoSpareLeft", FailureKind.ResourceExhausted, $"No spare is left for '{canonicalName}'.", canonicalName, "Mint spares.")
            : ValueTask.FromResult(_subjects.GetOrAdd(canonicalName, Make).Keys);

    public Id16 TagOf(string canonicalName) => new(SHA256.HashData(Encoding.UTF8.GetBytes(canonicalName)));

    public ReadOnlyMemory<byte> GetIdKey(Id16 pseudonym, uint generation) => Find(pseudonym).Keys.IdKey;

    public byte[] OpenDataKey(Id16 pseudonym, uint generation, ReadOnlySpan<byte> sealedKey)
    {
        var key = new byte[DataKeys.Size];
        return DataKeys.TryOpen(Find(pseudonym).Private, Reserve, pseudonym, generation, sealedKey, key)
            ? key : throw new StingException("SubjectKeyMissing", FailureKind.Integrity, "The data key does not open.", pseudonym.ToString(), "None.");
    }

    /// <summary>A subject whose key record is lost or destroyed.</summary>
    public void Forget(string canonicalName) => _subjects.TryRemove(canonicalName, out _);

    private (SubjectWriteKeys Keys, AgreementKey Private) Find(Id16 pseudonym)
    {
        var found = _subjects.Values.FirstOrDefault(s => s.Keys.Pseudonym == pseudonym);
        return found.Keys is null ? throw new StingException("SubjectKeyMissing", FailureKind.NotFound, $"No key for {pseudonym}.", pseudonym.ToString(), "None.") : found;
    }

    private (SubjectWriteKeys, AgreementKey) Make(string name)
    {
        var key = AgreementKey.Generate();
        return (new SubjectWriteKeys(name, new Id16(RandomNumberGenerator.GetBytes(16)), 1, key.PublicKey.ToArray(), KeyOf(name, "id"), KeyOf(name, "cut")), key);
    }

    private byte[] KeyOf(string name, string use) => HasFixedIds ? SHA256.HashData(Encoding.UTF8.GetBytes($"{use} of {name}")) : RandomNumberGenerator.GetBytes(32);

    public void Dispose()
    {
        _signer.Dispose();
        foreach (var (_, key) in _subjects.Values)
        {
            key.Dispose();
        }
    }
}
