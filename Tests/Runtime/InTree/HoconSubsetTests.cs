using Akka.Configuration;
using Xunit;

namespace ActorRaid.Tests.Runtime.InTree;

/// <summary>The in-tree runtime knows a part of HOCON, and refuses the rest by line; Akka.NET's parser guesses.</summary>
public sealed class HoconSubsetTests
{
    [Theory]
    [InlineData("a {", 1, "}")]
    [InlineData("a = 1\nb }", 2, "b")]
    [InlineData("a = \"open", 1, "quote")]
    [InlineData("\n\n= 5", 3, "key")]
    [InlineData("a =", 1, "value")]
    [InlineData("a = [1, 2]", 1, "[")]
    [InlineData("a = ${b}", 1, "$")]
    [InlineData("a = 1 }", 1, "key")]
    [InlineData("a = \"x\" y", 1, "end of the line")]
    [InlineData("a = \"\"\"x\"\"\"", 1, "triple")]
    [InlineData("a += 1", 1, "expected")]
    [InlineData("include \"x\"", 1, "expected")]
    [InlineData("a..b = 1", 1, "key")]
    public void What_is_not_known_is_refused_with_its_line(string text, int line, string what)
    {
        var e = Assert.Throws<ConfigurationException>(() => ConfigurationFactory.ParseString(text));
        Assert.StartsWith($"Configuration, line {line}:", e.Message);
        Assert.Contains(what, e.Message);
    }

    [Theory]
    [InlineData("a = yes")]
    [InlineData("a = 1")]
    public void What_is_no_truth_value_is_refused(string text) =>
        Assert.Throws<ConfigurationException>(() => ConfigurationFactory.ParseString(text).GetBoolean("a"));

    [Fact]
    public void What_is_no_time_is_refused() =>
        Assert.Throws<ConfigurationException>(() => ConfigurationFactory.ParseString("a = 5 parsecs").GetTimeSpan("a"));
}
