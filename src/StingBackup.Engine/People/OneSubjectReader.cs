using StingBackup.Engine.Basics;
using StingBackup.Engine.Cryptography;
using StingBackup.Engine.Keys;

namespace StingBackup.Engine.People;

/// <summary>
/// The read side of the keys for one person's subjects, and for no other: whatever asks for another pseudonym, by whichever bug, is refused before a key is touched. Wipes what it unwrapped when it is disposed.
/// </summary>
internal sealed class OneSubjectReader : ISubjectReader, IDisposable
{
    private readonly IReadOnlySet<Id16> _own;
    private readonly ISubjectReader _keys;

    public OneSubjectReader(ISubjectReader keys, IReadOnlySet<Id16> own) => (_keys, _own) = (keys is SubjectReader reader ? reader.Apart() : keys, own);

    public IReadOnlyCollection<Id16> Pseudonyms => _own;

    public ReadOnlyMemory<byte> GetIdKey(Id16 pseudonym, uint generation) => Checked(pseudonym).GetIdKey(pseudonym, generation);

    public byte[] OpenDataKey(Id16 pseudonym, uint generation, ReadOnlySpan<byte> sealedKey) => Checked(pseudonym).OpenDataKey(pseudonym, generation, sealedKey);

    public void Dispose() => (_keys as SubjectReader)?.Dispose();

    private ISubjectReader Checked(Id16 pseudonym) => _own.Contains(pseudonym) ? _keys
        : throw new StingException("AccessDenied", FailureKind.Refused, "That belongs to somebody else.", pseudonym.ToString(), "Look at your own items.");
}
