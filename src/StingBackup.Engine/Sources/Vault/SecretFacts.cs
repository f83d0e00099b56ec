using System.Buffers;
using System.Globalization;
using System.IO.Hashing;
using System.Text;
using System.Text.Json;
using StingBackup.Engine.Basics;
using StingBackup.Engine.Platform;
using StingBackup.Engine.Vault;

namespace StingBackup.Engine.Sources.Vault;

/// <summary>
/// A secret's metadata as a file's: the newest version's time of writing is the file's time, the secret's own the file's birth, and what files do not have stands in extended attributes:
/// <c>user.sting.vault.custom_metadata</c> (a JSON object of strings), <c>user.sting.vault.settings</c> (a JSON object: cas_required, delete_version_after, max_versions) where
/// there are any, and <c>user.sting.vault.version</c> (digits).
/// </summary>
internal static class SecretFacts
{
    private static ReadOnlySpan<byte> CustomName => "user.sting.vault.custom_metadata"u8;
    private static ReadOnlySpan<byte> SettingsName => "user.sting.vault.settings"u8;
    private static ReadOnlySpan<byte> VersionName => "user.sting.vault.version"u8;

    /// <summary>The version that an item is of; null when it is not a secret's.</summary>
    public static long? VersionOf(ItemMetadata metadata) =>
        Find(metadata, VersionName) is { } text && long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var version) ? version : null;

    /// <summary>
    /// Tells a changed secret from an unchanged one: time and number of the newest version, and a hash of the rest, since not every server moves the time of update when custom metadata
    /// changes. The length is not known before the value is read.
    /// </summary>
    public static FileStamp StampOf(KvMetadata metadata)
    {
        var text = new StringBuilder().Append(CultureInfo.InvariantCulture, $"{metadata.CurrentVersion} {metadata.CreatedNs} ");
        text.Append(Encoding.UTF8.GetString(CustomBytes(metadata.CustomMetadata))).Append(' ').Append(Encoding.UTF8.GetString(SettingsBytes(metadata.Settings)));
        return new FileStamp(FileStamp.UnknownLength, metadata.Current.CreatedNs, metadata.UpdatedNs, XxHash64.HashToUInt64(Encoding.UTF8.GetBytes(text.ToString())), 0, 1);
    }

    /// <summary>What is stored of it.</summary>
    public static ItemMetadata MetadataOf(KvMetadata metadata)
    {
        var attributes = new List<KeyValuePair<byte[], byte[]>>(3);   // ascending by name
        if (metadata.CustomMetadata.Count > 0)
        {
            attributes.Add(new(CustomName.ToArray(), CustomBytes(metadata.CustomMetadata)));
        }
        if (!metadata.Settings.IsDefault)
        {
            attributes.Add(new(SettingsName.ToArray(), SettingsBytes(metadata.Settings)));
        }
        attributes.Add(new(VersionName.ToArray(), Encoding.ASCII.GetBytes(metadata.CurrentVersion.ToString(CultureInfo.InvariantCulture))));
        return new ItemMetadata { ModifiedNs = metadata.Current.CreatedNs, BirthNs = metadata.CreatedNs, ExtendedAttributes = attributes };
    }

    /// <summary>What of an item's metadata a KV mount takes from a client: custom metadata and settings. Times and numbers are the server's.</summary>
    public static ItemMetadata Settable(ItemMetadata metadata) => new()
    {
        ExtendedAttributes = [.. metadata.ExtendedAttributes.Where(a => a.Key.AsSpan().SequenceEqual(CustomName) || a.Key.AsSpan().SequenceEqual(SettingsName))],
    };

    /// <summary>Custom metadata and settings that an item carries; empty and default where it carries none.</summary>
    /// <exception cref="StingException"><c>VaultSecretInvalid</c></exception>
    public static (IReadOnlyList<KeyValuePair<string, string>> Custom, KvSettings Settings) Read(ItemMetadata metadata, string name)
    {
        try
        {
            return (ReadCustom(Find(metadata, CustomName)), ReadSettings(Find(metadata, SettingsName)));
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            throw new StingException("VaultSecretInvalid", FailureKind.Integrity, $"'{name}' has metadata that is not a secret's.", name,
                "Restore it from another point, or to a folder.", e);
        }
    }

    private static List<KeyValuePair<string, string>> ReadCustom(byte[]? bytes)
    {
        if (bytes is null)
        {
            return [];
        }
        using var json = JsonDocument.Parse(bytes);
        return [.. json.RootElement.EnumerateObject().Select(p => KeyValuePair.Create(p.Name, p.Value.GetString() ?? ""))];
    }

    private static KvSettings ReadSettings(byte[]? bytes)
    {
        if (bytes is null)
        {
            return new KvSettings();
        }
        using var json = JsonDocument.Parse(bytes);
        return new KvSettings
        {
            MaxVersions = VaultJson.Long(json.RootElement, "max_versions"), CasRequired = VaultJson.Flag(json.RootElement, "cas_required"),
            DeleteVersionAfter = VaultJson.Text(json.RootElement, "delete_version_after"),
        };
    }

    private static byte[] CustomBytes(IReadOnlyList<KeyValuePair<string, string>> custom)
    {
        var target = new ArrayBufferWriter<byte>();
        target.Write("{"u8);
        var pairs = custom.Select(p => (Key: Encoding.UTF8.GetBytes(p.Key), Value: Encoding.UTF8.GetBytes(p.Value))).ToList();
        pairs.Sort(static (a, b) => a.Key.AsSpan().SequenceCompareTo(b.Key));
        for (var i = 0; i < pairs.Count; i++)
        {
            target.Write(i == 0 ? default : ","u8);
            CanonicalJson.WriteString(pairs[i].Key, target);
            target.Write(":"u8);
            CanonicalJson.WriteString(pairs[i].Value, target);
        }
        target.Write("}"u8);
        return target.WrittenSpan.ToArray();
    }

    private static byte[] SettingsBytes(KvSettings settings)
    {
        var target = new ArrayBufferWriter<byte>();
        target.Write(settings.CasRequired ? "{\"cas_required\":true,\"delete_version_after\":"u8 : "{\"cas_required\":false,\"delete_version_after\":"u8);
        CanonicalJson.WriteString(Encoding.UTF8.GetBytes(settings.DeleteVersionAfter.Length == 0 ? "0s" : settings.DeleteVersionAfter), target);
        target.Write(Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $",\"max_versions\":{settings.MaxVersions}}}")));
        return target.WrittenSpan.ToArray();
    }

    private static byte[]? Find(ItemMetadata metadata, ReadOnlySpan<byte> name)
    {
        foreach (var (key, value) in metadata.ExtendedAttributes)
        {
            if (key.AsSpan().SequenceEqual(name))
            {
                return value;
            }
        }
        return null;
    }
}
