//SOURCES RailwaySetting.java

package lib;

import java.util.List;

/**
 * Where an environment keeps the variables of its application, and the commands that change them.
 *
 * @param list prints them as a JSON object or as lines NAME=VALUE
 * @param set is given the value on its standard input; {@code {name}} stands for the variable
 * @param remove removes one; {@code {name}} as above
 */
public record VariablesSetting(RailwaySetting railway, List<String> list, List<String> set, List<String> remove) {
    /** Stands for the name of a variable in a command. */
    public static final String NAME = "{name}";

    /** What is wrong with it, as the end of a sentence; null when nothing is. */
    String mistake() {
        if (railway != null) {
            String mistake = railway.mistake();
            return list != null || set != null || remove != null ? " says it twice: \"railway\" and commands"
                    : mistake == null ? null : ".railway" + mistake;
        }
        return list == null || set == null || remove == null ? " needs \"railway\", or all of list, set and remove"
                : !String.join(" ", set).contains(NAME) ? ".set has no word with {name}"
                : !String.join(" ", remove).contains(NAME) ? ".remove has no word with {name}" : null;
    }
}
