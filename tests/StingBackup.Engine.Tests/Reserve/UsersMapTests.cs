using StingBackup.Engine.Reserve;

namespace StingBackup.Engine.Tests.Reserve;

public sealed class UsersMapTests
{
    private static readonly Guid Ann = Guid.Parse("0b8f0f4e-4d5c-4f39-9a55-2f2f7c9d0001");

    private static readonly UsersMap Map = UsersMap.Of(
    [
        new UserEntry(Ann, 1, "ann.meyer@example.com", "ameyer", "Ann Meyer", 2),
        new UserEntry(null, 2, "bob@example.com", null, "Bob", 3),
        new UserEntry(null, null, "cy@example.com", null, null, 4),
    ]);

    [Theory]
    [InlineData("ann.meyer@example.com", "user:0b8f0f4e-4d5c-4f39-9a55-2f2f7c9d0001")]
    [InlineData("ANN.MEYER@EXAMPLE.COM", "user:0b8f0f4e-4d5c-4f39-9a55-2f2f7c9d0001")]
    [InlineData(" ann.meyer@example.com ", "user:0b8f0f4e-4d5c-4f39-9a55-2f2f7c9d0001")]
    [InlineData("1", "user:0b8f0f4e-4d5c-4f39-9a55-2f2f7c9d0001")]
    [InlineData("ameyer", "user:0b8f0f4e-4d5c-4f39-9a55-2f2f7c9d0001")]
    [InlineData("0B8F0F4E-4D5C-4F39-9A55-2F2F7C9D0001", "user:0b8f0f4e-4d5c-4f39-9a55-2f2f7c9d0001")]
    [InlineData("user:0b8f0f4e-4d5c-4f39-9a55-2f2f7c9d0001", "user:0b8f0f4e-4d5c-4f39-9a55-2f2f7c9d0001")]
    [InlineData("bob@example.com", "user#2")]
    [InlineData("2", "user#2")]
    [InlineData("user#2", "user#2")]
    [InlineData("cy@example.com", "path:UserFiles/cy@example.com")]
    public void A_person_is_found_by_address_id_and_folder(string text, string subject) => Assert.Equal(subject, Map.Resolve(text));

    [Fact]
    public void A_person_is_found_by_a_folder_that_no_map_names()
    {
        var map = UsersMap.Empty.WithFolders(["dora@example.com", "77", "misc"]);
        Assert.Equal("path:UserFiles/dora@example.com", map.Resolve("Dora@Example.com"));
        Assert.Equal("user#77", map.Resolve("77"));
        Assert.Equal("path:UserFiles/misc", map.Resolve("misc"));
        Assert.Throws<StingException>(() => map.Resolve("MISC"));
    }

    [Fact]
    public void Two_folders_that_differ_in_letter_case_are_two_people()
    {
        var map = UsersMap.Empty.WithFolders(["dora@example.com", "Dora@example.com"]);
        Assert.Equal("path:UserFiles/Dora@example.com", map.Resolve("Dora@example.com"));
        Assert.Throws<StingException>(() => map.Resolve("DORA@example.com"));
    }

    [Fact]
    public void A_person_whose_folder_is_gone_is_found_by_what_restore_points_name()
    {
        var map = UsersMap.Empty.WithSubjects([$"user:{Ann}", "user#9", "path:UserFiles/eve@example.com", "jar:9x", "system"]);
        Assert.Equal($"user:{Ann}", map.Resolve(Ann.ToString().ToUpperInvariant()));
        Assert.Equal("user#9", map.Resolve("9"));
        Assert.Equal("path:UserFiles/eve@example.com", map.Resolve("eve@example.com"));
        Assert.Throws<StingException>(() => map.Resolve("9x"));
        Assert.Throws<StingException>(() => map.Resolve("system"));
    }

    [Fact]
    public void A_wrong_name_is_answered_with_the_nearest_ones()
    {
        var error = Assert.Throws<StingException>(() => Map.Resolve("ann.mayer@example.com"));
        Assert.Equal("UserNotFound", error.ErrorId);
        Assert.Equal(FailureKind.NotFound, error.Kind);
        Assert.Equal("ann.mayer@example.com", error.Target);
        Assert.Contains("The nearest: ann.meyer@example.com", error.Message, StringComparison.Ordinal);
        Assert.NotEmpty(error.Remedy);
    }

    [Fact]
    public void A_name_far_from_all_is_answered_with_how_many_there_are()
    {
        var error = Assert.Throws<StingException>(() => UsersMap.Empty.WithFolders(["ann"]).Resolve("zzzzzzzzzzzz"));
        Assert.Contains("1 names are", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_jar_is_found_by_its_id_and_a_wrong_one_answered_with_the_nearest()
    {
        var jars = new JarNames(["jar_123", "jar_124", "0B8F0F4E-4D5C-4F39-9A55-2F2F7C9D0001"], ["jar:old_jar/user:" + Ann, "user#1"]);
        Assert.Equal("jar:jar_123", jars.Resolve("jar_123"));
        Assert.Equal("jar:jar_123", jars.Resolve("jar:jar_123"));
        Assert.Equal("jar:old_jar", jars.Resolve("old_jar"));
        Assert.Equal("jar:0b8f0f4e-4d5c-4f39-9a55-2f2f7c9d0001", jars.Resolve("0B8F0F4E-4D5C-4F39-9A55-2F2F7C9D0001"));
        var error = Assert.Throws<StingException>(() => jars.Resolve("jar_12"));
        Assert.Equal("JarNotFound", error.ErrorId);
        Assert.Contains("jar_123", error.Message, StringComparison.Ordinal);
        Assert.Equal("JarNotFound", Assert.Throws<StingException>(() => jars.Resolve("x")).ErrorId);
    }
}
