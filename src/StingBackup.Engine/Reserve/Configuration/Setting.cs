namespace StingBackup.Engine.Reserve.Configuration;

/// <summary>What reading a value needs to know of its surroundings.</summary>
/// <param name="Key">The setting's path, for messages.</param>
/// <param name="File">The file that is read, for messages.</param>
/// <param name="BaseDirectory">The folder that relative paths refer to: the file's own.</param>
/// <param name="Host">For <c>~/</c>.</param>
/// <param name="Findings">Where errors go.</param>
public sealed record ReadContext(string Key, string File, string BaseDirectory, IHostView Host, FindingList Findings);

/// <summary>A kind of value: how it is read, written and described.</summary>
public abstract class SettingType<T>
{
    /// <summary>For people: "a whole number from 1 to 9".</summary>
    public abstract string Description { get; }

    /// <summary>Reads a value; false with an error in the findings when it is not one.</summary>
    public abstract bool TryRead(ConfigurationNode node, ReadContext context, out T value);

    /// <summary>The value in YAML, as one line.</summary>
    public abstract string Write(T value);

    /// <summary>The value in YAML, a line an item where it is a list; else null.</summary>
    public virtual IReadOnlyList<string>? WriteItems(T value) => null;

    /// <summary>The value as PowerShell shows it: string, long, bool, string[] or null.</summary>
    public abstract object? ToPublic(T value);
}

/// <summary>One setting of the configuration file. The table of all of them is <see cref="Settings"/>; everything else follows from it.</summary>
public abstract class Setting
{
    /// <summary>Its path, such as <c>performance.parallel_threads</c>; without a dot for a key at the top.</summary>
    public required string Key { get; init; }

    /// <summary>What it means, for people: sentences, with unit.</summary>
    public required string Summary { get; init; }

    /// <summary>The variable of <c>backup-config.sh</c> that sets it, or null.</summary>
    public string? ShellVariable { get; init; }

    /// <summary>True when no run is possible without it.</summary>
    public bool IsRequired { get; init; }

    /// <summary>A value for the example in the file that <c>init</c> writes, where the default shows nothing; a list as lines that begin with "- ".</summary>
    public string? Example { get; init; }

    /// <summary>The section: the part of the key before the dot, or empty.</summary>
    public string Section => Key.Contains('.', StringComparison.Ordinal) ? Key[..Key.IndexOf('.', StringComparison.Ordinal)] : "";

    /// <summary>The part of the key after the dot.</summary>
    public string Name => Key[(Key.IndexOf('.', StringComparison.Ordinal) + 1)..];

    /// <summary>What a value looks like, for people.</summary>
    public abstract string TypeDescription { get; }

    internal abstract bool TryRead(ConfigurationNode node, ReadContext context, out object? value);

    /// <summary>What holds where nothing is set, on any host; null where there is nothing, or where it depends on the host.</summary>
    internal abstract object? FixedDefault { get; }

    /// <summary>What holds on this host where nothing is set, and the environment variable that it follows, if any.</summary>
    internal abstract (object? Value, string? Variable) DefaultOn(PlatformFolders folders);

    internal abstract string Write(object? value);

    internal abstract IReadOnlyList<string>? WriteItems(object? value);

    internal abstract object? ToPublic(object? value);

    /// <summary>How the default is told where it depends on the host; null where it does not.</summary>
    public string? DefaultDescription { get; init; }
}

/// <summary>A setting with the type of its value.</summary>
public sealed class Setting<T> : Setting
{
    /// <summary>How it is read and written.</summary>
    public required SettingType<T> Type { get; init; }

    /// <summary>What holds where nothing is set.</summary>
    public T Default { get; init; } = default!;

    /// <summary>The folder of this host that holds where nothing is set, for a setting that names a folder.</summary>
    public Func<PlatformFolders, PlatformFolder>? HostDefault { get; init; }

    /// <inheritdoc/>
    public override string TypeDescription => Type.Description;

    internal override bool TryRead(ConfigurationNode node, ReadContext context, out object? value)
    {
        var read = Type.TryRead(node, context, out var typed);
        value = typed;
        return read;
    }

    internal override object? FixedDefault => Default;

    internal override (object? Value, string? Variable) DefaultOn(PlatformFolders folders) =>
        HostDefault?.Invoke(folders) is { } folder ? (folder.Path, folder.Variable) : (Default, null);

    internal override string Write(object? value) => Type.Write((T)value!);

    internal override IReadOnlyList<string>? WriteItems(object? value) => Type.WriteItems((T)value!);

    internal override object? ToPublic(object? value) => value is null ? null : Type.ToPublic((T)value);
}
