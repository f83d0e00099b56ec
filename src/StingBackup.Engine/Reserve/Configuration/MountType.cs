using StingBackup.Engine.Basics;
namespace StingBackup.Engine.Reserve.Configuration;

/// <summary>A folder beside the reserve's own: a small mapping with <c>at</c> and <c>path</c>.</summary>
internal sealed class MountType : SettingType<FolderMount>
{
    private static readonly MapFields Fields = new("folder", ["at", "path"], [], "{at: jars, path: /var/lib/docker/volumes/sting_knowledge_uploads/_data}");

    private static readonly ScalarType<string> Name = new(
        "a name without '/'",
        (text, _) => EntryPath.IsValidName(System.Text.Encoding.UTF8.GetBytes(text)) && !text.Contains('\\', StringComparison.Ordinal) ? text
            : SettingTypes.Bad<string>($"'{text}' is no name of a folder in the reserve", "Write one name without '/', such as jars."),
        text => text);

    public override string Description => "a folder: {at: …, path: …}";

    public override bool TryRead(ConfigurationNode node, ReadContext context, out FolderMount value)
    {
        value = null!;
        if (Fields.Read(node, context) is not { } fields || !Name.TryRead(fields["at"], context, out var at) || !SettingTypes.Path.TryRead(fields["path"], context, out var path))
        {
            return false;
        }
        value = new FolderMount(at, path!);
        return true;
    }

    public override string Write(FolderMount value) => $"{{at: {YamlText.Scalar(value.At)}, path: {YamlText.Scalar(value.Path)}}}";

    public override object? ToPublic(FolderMount value) => $"{value.At} = {value.Path}";
}
