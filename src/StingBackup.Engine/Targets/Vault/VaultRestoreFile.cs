using StingBackup.Engine.Basics;
using StingBackup.Engine.Sources;

namespace StingBackup.Engine.Targets.Vault;

/// <summary>A secret being restored: held in memory until it is whole, since a value is written at once or not at all.</summary>
internal sealed class VaultRestoreFile(VaultRestoreTarget target, EntryPath path, int length) : IRestoreFile
{
    private byte[]? _content = new byte[length];

    /// <summary>Writes at an offset; several workers may, each its own stretch.</summary>
    public void Write(long offset, ReadOnlySpan<byte> bytes)
    {
        var content = _content;
        ObjectDisposedException.ThrowIf(content is null, this);
        bytes.CopyTo(content.AsSpan((int)offset));
    }

    /// <inheritdoc/>
    public IReadOnlyList<string> Place(EntryPath name, ItemMetadata metadata, bool replace)
    {
        ArgumentNullException.ThrowIfNull(name);
        ArgumentNullException.ThrowIfNull(metadata);
        if (name.IsRoot || name.Parent != path.Parent)
        {
            throw new ArgumentException($"'{name}' is not in the folder of '{path}'.", nameof(name));
        }
        var content = _content;
        ObjectDisposedException.ThrowIf(content is null, this);
        return target.Place(name, content, metadata, replace);
    }

    /// <inheritdoc/>
    public void Dispose() => _content = null;
}
