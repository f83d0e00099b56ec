using System.Globalization;
using StingBackup.Engine.Reserve.Configuration;
using StingBackup.Engine.Storage;
using StingBackup.Engine.Storage.S3;

namespace StingBackup.Engine.Tiering.Cold;

/// <summary>What is particular about storage classes for archives, as their maker documents it.</summary>
public static class ColdClasses
{
    /// <summary>The coldest.</summary>
    public const string Coldest = "DEEP_ARCHIVE";

    /// <summary>Days that a class charges in any case.</summary>
    public static int MinimumDays(string storageClass) => storageClass switch { "GLACIER" or "GLACIER_IR" => 90, Coldest => 180, _ => 0 };

    /// <summary>Whether objects of a class can be copied as they lie. What is archived must be thawed before (archival-storage.html), which costs more than the copy saves; a lifecycle rule moves it without.</summary>
    public static bool CanBeCopied(string storageClass) => storageClass is not ("GLACIER" or Coldest);

    /// <summary>How long a retrieval takes, from and to; null where the class has no such speed.</summary>
    public static (TimeSpan From, TimeSpan To)? Duration(string storageClass, RetrievalSpeed speed) => (storageClass, speed) switch
    {
        ("GLACIER", RetrievalSpeed.Expedited) => (TimeSpan.FromMinutes(1), TimeSpan.FromMinutes(5)),
        ("GLACIER", RetrievalSpeed.Standard) => (TimeSpan.FromHours(3), TimeSpan.FromHours(5)),
        ("GLACIER", RetrievalSpeed.Bulk) => (TimeSpan.FromHours(5), TimeSpan.FromHours(12)),
        (Coldest, RetrievalSpeed.Standard) => (TimeSpan.FromHours(9), TimeSpan.FromHours(12)),
        (Coldest, RetrievalSpeed.Bulk) => (TimeSpan.FromHours(12), TimeSpan.FromHours(48)),
        _ => null,
    };

    /// <summary>
    /// From when on a pack of the archive tier may be deleted that nothing needs any more: whoever sweeps that tier asks it. Before, its room is paid for in any case, and what is deleted could still be wanted.
    /// </summary>
    public static DateTimeOffset DeletableFrom(StoredObject pack, ArchiveOptions options)
    {
        ArgumentNullException.ThrowIfNull(pack);
        ArgumentNullException.ThrowIfNull(options);
        return options.KeepsMinimumDays ? pack.Stored.AddDays(MinimumDays(pack.StorageClass)) : pack.Stored;
    }

    /// <summary>The lifecycle rule that an administrator gives to the bucket of the archive tier where its class cannot be copied, as <c>aws s3api put-bucket-lifecycle-configuration</c> takes it; null where none is needed.</summary>
    public static string? LifecycleRule(S3Address address, ArchiveOptions options)
    {
        ArgumentNullException.ThrowIfNull(address);
        ArgumentNullException.ThrowIfNull(options);
        return options.ColdestAfterDays == 0 || options.StorageClass is not { } given || given == Coldest || CanBeCopied(given) ? null : string.Create(CultureInfo.InvariantCulture,
            $$"""{"Rules":[{"ID":"sting-coldest","Status":"Enabled","Filter":{"Prefix":"{{address.KeyOf("data/")}}"},"Transitions":[{"Days":{{options.ColdestAfterDays}},"StorageClass":"{{Coldest}}"}]}]}""");
    }
}
