using StingBackup.Engine.Reserve.Sample;

namespace StingBackup.Fixtures.Sting;

/// <summary>How an upload is stored.</summary>
internal enum StingStorage
{
    /// <summary>As it is, in Vault.</summary>
    Plain,
    /// <summary>Encrypted by STING under its present master key, in Vault.</summary>
    Encrypted,
    /// <summary>Encrypted under the master key before.</summary>
    EncryptedBefore,
    /// <summary>As a file, in the layout that STING's documents describe.</summary>
    OnDisk,
}

/// <summary>An upload: a row of file_assets, and what it names.</summary>
internal sealed class StingUpload
{
    public required int Row { get; init; }
    public required string FileId { get; init; }
    public required SamplePerson Owner { get; init; }
    /// <summary>STING's type: profile_picture, user_document, report, temporary.</summary>
    public required string Type { get; init; }
    public required string Name { get; set; }
    public required StingContent Content { get; init; }
    public required StingStorage Storage { get; init; }
    public bool IsDeleted { get; set; }
    /// <summary>Whether the row is gone, too: the secret is an orphan.</summary>
    public bool HasRow { get; init; } = true;
    public bool IsHeld { get; init; }

    /// <summary>SHA-256 of the content; known when it was written.</summary>
    public string Hash { get; set; } = "";
    /// <summary>Length of the content.</summary>
    public long Size { get; set; }

    /// <summary>As <c>file_assets.storage_path</c> has it: without the <c>files/</c> that STING puts before it.</summary>
    public string StoragePath => Storage == StingStorage.OnDisk ? $"/var/sting/honey-reserve/{OwnerId}/{FileId}" : $"{OwnerId}/{Type}/{Hash[..16]}";

    /// <summary>Path of the secret in the mount.</summary>
    public string SecretPath => $"files/{StoragePath}";

    /// <summary>As <c>file_assets.owner_id</c> has it.</summary>
    public string OwnerId => Owner.FolderName;
}

/// <summary>A honey jar.</summary>
/// <param name="Id">UUID.</param>
/// <param name="Name">Its name.</param>
/// <param name="Owner">E-mail address, or <c>system</c>.</param>
internal sealed record StingJar(string Id, string Name, string Owner);

/// <summary>A document of a jar: a row of documents.</summary>
internal sealed class StingDocument
{
    public required string Id { get; init; }
    public required StingJar Jar { get; init; }
    public required string Name { get; init; }
    public required string ContentType { get; init; }
    /// <summary>Its file's name in the jar's folder; null where STING keeps no file.</summary>
    public required string? DiskName { get; set; }
    public long Size { get; set; }
}
