namespace StingBackup.Engine.Reserve.Configuration;

/// <summary>A rule for a data class: a small mapping with <c>glob</c>, <c>class</c> and perhaps <c>subject</c>.</summary>
internal sealed class RuleType : SettingType<ClassRule>
{
    private static readonly MapFields Fields = new("rule", ["glob", "class"], ["subject"], "{glob: \"reports/**\", class: Reports}");

    /// <summary>Both <c>UserFiles</c> and <c>user_files</c> name a class.</summary>
    public static ScalarType<DataClass> ClassName { get; } = new(
        "a data class",
        (text, _) =>
        {
            var plain = text.Replace("_", "", StringComparison.Ordinal);
            foreach (var dataClass in Enum.GetValues<DataClass>())
            {
                if (dataClass.ToString().Equals(plain, StringComparison.OrdinalIgnoreCase))
                {
                    return dataClass;
                }
            }
            return SettingTypes.Bad<DataClass>($"'{text}' is not a data class",
                $"{NearestNames.Question(text, Enum.GetNames<DataClass>())} Write one of {string.Join(", ", Enum.GetNames<DataClass>())}.".TrimStart());
        },
        dataClass => dataClass.ToString());

    public override string Description => "a rule: {glob: …, class: …} with an optional subject";

    public override bool TryRead(ConfigurationNode node, ReadContext context, out ClassRule value)
    {
        value = null!;
        string? subject = null;
        if (Fields.Read(node, context) is not { } fields || !SettingTypes.Glob.TryRead(fields["glob"], context, out var glob)
            || !ClassName.TryRead(fields["class"], context, out var dataClass)
            || (fields.TryGetValue("subject", out var named) && !Subject.TryRead(named, context, out subject)))
        {
            return false;
        }
        if (dataClass == DataClass.Physical && subject is not (null or SubjectNames.System))
        {
            context.Findings.Error(context.Key, context.File, node.Line, "a physical capture mixes subjects, so that it can belong to none but system", "Remove the subject, or name another class.");
            return false;
        }
        value = new ClassRule(glob, dataClass, subject);
        return true;
    }

    public override string Write(ClassRule value) =>
        $"{{glob: {YamlText.Scalar(value.Glob)}, class: {value.DataClass}{(value.Subject is null ? "" : $", subject: {YamlText.Scalar(value.Subject)}")}}}";

    public override object? ToPublic(ClassRule value) => value.ToString();

    private static ScalarType<string?> Subject { get; } = SettingTypes.Text(
        "a subject", text => SubjectTemplate.Parse(text) is not null,
        "Write system, user:<uuid>, user#<number>, jar:<id> or path:<class>/<folder>; or user:{2}, jar:{2}, path:Reports/{2} to take the second component of the path.");
}
