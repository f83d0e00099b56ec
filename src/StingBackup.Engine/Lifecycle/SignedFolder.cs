using StingBackup.Engine.Basics;
using StingBackup.Engine.Cryptography;
using StingBackup.Engine.Keys;

namespace StingBackup.Engine.Lifecycle;

/// <summary>Records of one kind in a folder of the key directory, each signed by the key role and named by its id. A changed byte is told, with the file's name.</summary>
/// <param name="files">Key files.</param>
/// <param name="folder">The folder.</param>
/// <param name="kind">What stands in the frame.</param>
internal sealed class SignedFolder(IKeyFiles files, string folder, KeyFileKind kind)
{
    /// <summary>Path of a record.</summary>
    public string PathOf(Id16 id) => Path.Combine(folder, id.ToString());

    /// <summary>Puts a record in the place of what stands there, if anything.</summary>
    public void Write(Id16 id, byte[] payload, ISigner keyRole)
    {
        files.MakeFolder(folder);
        files.Replace(PathOf(id), KeyFrame.Sign(kind, payload, keyRole));
    }

    /// <summary>Every record, by id.</summary>
    /// <param name="keyRole">The key role's public key.</param>
    /// <param name="read">Makes something of its fields.</param>
    /// <param name="idOf">The id that it says itself.</param>
    /// <exception cref="StingException"><c>KeyFileDamaged</c></exception>
    public IReadOnlyList<T> ReadAll<T>(ReadOnlyMemory<byte> keyRole, Func<CborFields, T> read, Func<T, Id16> idOf)
    {
        var records = new List<T>();
        foreach (var name in files.List(folder) ?? [])
        {
            var path = Path.Combine(folder, name);
            if (name.StartsWith('.') || files.Read(path) is not { } bytes)
            {
                continue;
            }
            var payload = KeyFrame.ReadSigned(bytes, kind, path, (_, signed, signature) => SignatureVerifier.Verify(keyRole.Span, signed, signature));
            var fields = new CborFields(payload, path, (why, inner) => KeyFrame.Damaged(path, why, inner));
            Suite.Check(fields.Number(1), path);
            var record = read(fields);
            records.Add(idOf(record).ToString() == name ? record : throw KeyFrame.Damaged(path, "it belongs to another name"));
        }
        return records;
    }
}
